def load():
    pass


class Store:
    def load(self):
        self.load()
