def h():
    pass


def k():
    pass
