from loop2 import thing


def f():
    thing()
