from contextlib import contextmanager
from typing import Iterator


class Session:
    def query(self):
        pass


class Conn:
    def __enter__(self):
        return Session()

    def __exit__(self, *args):
        pass


class Own:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def go(self):
        pass


@contextmanager
def scope():
    yield Session()


@contextmanager
def typed_scope() -> Iterator[Session]:
    yield unknown


def f():
    with Conn() as session:
        session.query()
    with Own() as own:
        own.go()
    with scope() as s:
        s.query()
    with Conn() as x, Own() as y:
        x.query(), y.go()
    with typed_scope() as s:
        s.query()
