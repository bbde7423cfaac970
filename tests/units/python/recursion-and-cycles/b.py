import a


def pong():
    a.ping()
