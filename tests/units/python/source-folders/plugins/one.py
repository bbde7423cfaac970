from plugins.base import start


def go():
    start()
