import lib.net.http
import lib.net.http as web
from lib.net import tcp


def dotted():
    lib.net.http.get()


def aliased():
    web.get()


def local():
    from lib.net.http import get

    get()


def module():
    tcp.dial()
    get()
