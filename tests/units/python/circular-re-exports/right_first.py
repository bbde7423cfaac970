from pkg import left, right


def f():
    right.open_it()
    left.open_it()
