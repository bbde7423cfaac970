from typing import List


class A:
    def a(self):
        pass


class B:
    def b(self):
        pass


def f(x: B, many: List[A]):
    [x.a() for x in many]
    x.b()


def g(a: List[A]):
    return {a.a() for a in a}


def walrus(xs):
    if any((hit := A()) for x in xs):
        hit.a()


def nested(table: List[List[A]]):
    return [cell.a() for row in table for cell in row]


def lam(x: B, y: A):
    key = lambda y: x.b()
    y.a()
