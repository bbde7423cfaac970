class Thing:
    pass


def start(thing):
    return thing
