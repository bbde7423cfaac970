import a
from b import load, Store


def run():
    a.load()
    load()
    a.Store().load()
    Store().load()
