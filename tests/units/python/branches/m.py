class A:
    def go(self):
        pass


class B:
    def go(self):
        pass


def same(flag):
    if flag:
        x = A()
    else:
        x = A()
    x.go()


def none_first(flag):
    x = None
    if flag:
        x = A()
    x.go()


def in_try():
    try:
        x = A()
    except Exception:
        x = None
    x.go()


def differ(flag):
    if flag:
        x = A()
    else:
        x = B()
    x.go()


def expr(flag):
    x = A() if flag else None
    x.go()


def default(x=None):
    x = x or A()
    x.go()


def last(flag):
    x = None
    if flag:
        x = B()
        x = A()
    x.go()


def in_loop(xs):
    found = None
    for x in xs:
        if x:
            found = A()
    found.go()
