class Part:
    def turn(self):
        pass


class Item:
    def use(self):
        pass

    def parts(self):
        return [Part()]


class Bag:
    def __iter__(self):
        yield Item()


class Cursor:
    def __iter__(self):
        return self

    def __next__(self):
        return Part()


def items():
    yield Item()
    yield None


def delegating():
    yield from items()


def f(bag: Bag):
    for item in items():
        item.use()
    for item in bag:
        item.use()
    for i, item in enumerate(bag):
        item.use()
        for part in item.parts():
            part.turn()
    [x.use() for x in delegating()]
    next(items()).use()
    for item in sorted(items()):  item.use()
    {k: v.use() for k, v in {"a": item}.items()}
    for part in Cursor():
        part.turn()
