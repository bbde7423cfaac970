from typing import Generic, List, TypeVar

T = TypeVar("T")
B = TypeVar("B", bound="Item")
S = TypeVar("S", bound="Fluent")


class Item:
    def go(self):
        pass


class Box(Generic[T]):
    def __init__(self, content: T):
        self.content = content

    def get(self) -> T:
        return self.content

    def all(self) -> List[T]:
        return [self.content]


class Sub(Box[Item]):
    def get(self) -> Item:
        return super_free()


def f(box: Box[Item], plain: "Box[Item]", sub: Sub):
    box.get().go()
    plain.get().go()
    Box[Item](None)
    sub.get().go()


def bounded(x: B) -> B:
    x.go()


def new_style[X: Item](x: X) -> X:
    x.go()


class Pair[K, V]:
    def first(self) -> K:
        pass


def new_class(pair: Pair[Item, int]):
    pair.first().go()


class Fluent:
    def same(self: S) -> S:
        self.touch()
        return self

    def touch(self):
        pass


def chain(fluent: Fluent):
    fluent.same().touch()
