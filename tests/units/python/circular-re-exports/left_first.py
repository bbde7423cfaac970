from pkg import left, right


def f():
    left.open_it()
    right.open_it()
