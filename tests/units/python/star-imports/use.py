from lib import *


def beta():
    pass


def f():
    alpha()
    beta()
    gamma()


class Sub(Thing):
    pass


def g():
    Thing().go()
