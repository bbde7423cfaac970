from pkg.loop import start, Thing, nothing
from .loop import start, Thing, nothing
from pkg import start, Thing, nothing
from . import start, Thing, nothing
from pkg.loop import *
from pkg import *
from pkg.real import start, Thing


def run():
    nothing()
    return start(Thing())
