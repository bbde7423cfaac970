LIMIT = 3


def default():
    return 0


class Column:
    def __init__(self, kind=None):
        pass


class Model:
    id = Column()
    size = LIMIT

    def register(self=None):
        pass

    register()

    def get(self, n=default()):
        pass


def free(x, y=default()):
    pass


def build():
    class Local:
        width = default()

        def go(self):
            Column()


def lazy():
    return lambda: default()
