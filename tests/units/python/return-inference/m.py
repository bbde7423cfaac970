class Dog:
    def bark(self):
        pass


class Cat:
    def purr(self):
        pass


def make():
    return Dog()


def pick(flag):
    if flag:
        return None
    return Dog()


def pair():
    return Dog(), Cat()


def get_class():
    return Dog


def recursive(n):
    if n:
        return recursive(n - 1)
    return Dog()


def outer():
    def inner():
        return Dog()

    return Cat()


def f():
    make().bark()
    pick(1).bark()
    dog, cat = pair()
    cat.purr()
    get_class()().bark()
    recursive(3).bark()
    outer().purr()
