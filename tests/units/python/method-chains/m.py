class Owner:
    def notify(self):
        pass


class Row:
    def owner(self):
        return Owner()


class Query:
    def filter(self, **kw):
        return self

    def clone(self) -> "Query":
        pass

    def limit(self, n):
        copy = self.clone()
        copy.n = n
        return copy

    def first(self):
        return Row()

    def rows(self):
        return [Row() for _ in range(3)]


def session():
    return Query()


def f():
    (
        Query().filter(a=1).limit(2).first().owner().notify()
    )


def g(query: Query):
    row = query.first(); owner = row.owner(); owner.notify()


def h():
    session().rows()[0].owner()
