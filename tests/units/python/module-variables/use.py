import conf
from conf import LIMIT


def f():
    conf.current.run()
    if LIMIT:
        conf.left.run()
