class Own:
    def __init__(self, n):
        self.n = n

    @classmethod
    def create(cls):
        return cls(1)

    def again(self):
        return type(self)(2)

    def twin(self):
        return self.__class__(3)

    def name(self):
        pass

    def show(self):
        self.name()


class Heir(Own):
    pass


class Child(Own):
    def __init__(self):
        super().__init__(4)

    def only_here(self):
        pass


class Bare:
    pass


def f():
    Own(1)
    Heir(2)
    Bare()
    Child().show()
    Child.create().only_here()
