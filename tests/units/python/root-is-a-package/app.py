from .util.text import wrap
from . import core
from mypackage.util import text
from urllib.parse import quote


def f():
    wrap()
    core()


def g():
    text.wrap()
    quote()
