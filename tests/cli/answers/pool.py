class Pool:
    """Keeps things,
    until they are taken."""

    def __init__(self):
        self.things = []

    def put(self, thing):
        self.things.append(thing)

    def take(self):
        return self.things.pop()


def even(n):
    return n == 0 or odd(n - 1)


def odd(n):
    return n != 0 and even(n - 1)
