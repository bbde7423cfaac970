class View:
    def dispatch(self):
        return self.get()

    def get(self):
        pass

    def render(self):
        pass
