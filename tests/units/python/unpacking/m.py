class A:
    def a(self):
        pass


class B:
    def b(self):
        pass


def pairs():
    return [(A(), B())]


def f():
    x, (y, *rest) = A(), (B(), 1, 2)
    x.a()
    y.b()
    x, y = y, x
    y.a()
    x.b()
    p = q = A()
    p.a()
    q.a()


def g():
    for a, b in pairs():
        a.a()
        b.b()
