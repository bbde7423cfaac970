import enum


class Kind(enum.Enum):
    A = 1


class Point:
    def norm(self):
        pass


def rest():
    pass


def y():
    pass


def other():
    pass


def f(p):
    match p:
        case Point(x=0, y=0) as origin:
            origin.norm()
        case Point(x=y):
            p.norm()
            y()
        case [Point(), *rest]:
            rest()
        case Kind.A:
            other()
        case _:
            pass
