class Wrapper:
    def __init__(self, c):
        self.c = c

    def callproc(self, name):
        return self.c.callproc(name)
