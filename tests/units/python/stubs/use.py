from fast import crunch
import slow


def f():
    crunch(b"").rows()
    slow.walk()
