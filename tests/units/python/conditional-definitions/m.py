import sys

if sys.platform == "win32":

    def path():
        return 1

else:

    def path():
        return 2


try:

    class Lock:
        def take(self):
            pass

except Exception:
    Lock = None

if sys.flags:
    mode = 1


def fast():
    pass


try:
    from _native import fast
except ImportError:
    pass


def f():
    path()
    Lock()


def g():
    fast()
