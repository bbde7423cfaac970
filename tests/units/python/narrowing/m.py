from typing import Union


class A:
    def a(self):
        pass

    def common(self):
        pass


class B:
    def b(self):
        pass

    def common(self):
        pass


def f(x):
    if isinstance(x, A):
        x.a()
    elif x is not None and isinstance(x, (B,)):
        x.b()


def either(x: Union[A, B]):
    x.common()


def g(x, y):
    assert isinstance(x, A)
    x.a()
    if not isinstance(y, B):
        return
    y.b()


def h(x):
    while isinstance(x, A) and x:
        x.a()


def loop(xs):
    for x in xs:
        if not isinstance(x, A):
            continue
        x.a()
    for x in xs:
        if not isinstance(x, B):
            raise ValueError
        x.b()


def matched(x):
    match x:
        case A():
            x.a()
        case B() as y if y:
            y.b()


def anew(x):
    if isinstance(x, A):
        x = B()
        x.b()
