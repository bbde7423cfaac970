from pkg import start
from pkg.loop import Thing


def f():
    start(Thing())
