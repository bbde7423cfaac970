from typing import overload


class Text:
    def upper(self):
        pass


@overload
def load(x: None) -> None:
    ...
@overload
def load(x: Text) -> Text:
    ...
def load(x):
    return Text()


class Reader:
    @overload
    def read(self, n: int) -> Text:
        ...

    @overload
    def read(self) -> Text:
        ...

    def read(self, n=None):
        return unknown


def f(reader: Reader):
    load(None).upper()
    reader.read().upper()
