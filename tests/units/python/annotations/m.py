import typing as t
from typing import Callable, Dict, List, Optional, Tuple, Type


class A:
    def a(self):
        pass


class B:
    def b(self):
        pass


def f(
    one: Optional[A],
    many: "List[A]",
    table: t.Dict[str, A],
    pair: Tuple[A, "B"],
    make: Callable[[int], B],
    cls: Type[A],
):
    one.a()
    many[0].a()
    for item in many:
        item.a()
    for key, value in table.items():
        value.a()
    make(1).b()
    first, second = pair
    first.a()
    second.b()
    cls().a()
    return None


def g(*args: A, **kwargs: B) -> "t.Optional[B]":
    for a in args:
        a.a()
    kwargs["x"].b()


def h() -> "A | B":
    local: A = unknown()
    local.a()
    g().b()
