def name():
    pass


def width():
    pass


def secret():
    pass


def f():
    "secret()"
    return f"{name()} and {1:>{width()}} but not {{secret()}}"
