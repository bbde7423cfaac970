def work():
    pass


def rest():
    pass


def extra():
    pass
