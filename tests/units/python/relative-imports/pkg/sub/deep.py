from ..top import g
from . import side
from .side import k as kk
from .. import root


def f():
    g()
    side.h()
    kk()
    root()
