def plain(f):
    return f


def factory(name):
    def wrap(f):
        return plain(f)

    return wrap


class Registry:
    def route(self, f):
        return f


registry = Registry()


@plain
def decorated():
    pass


@factory("x")
@registry.route
def made():
    pass


@plain
class Thing:
    @plain
    def method(self):
        pass


def outer():
    @plain
    def inner():
        pass

    inner()


def use():
    decorated()
    made()
    Thing().method()
