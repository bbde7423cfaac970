def helper():
    pass


def before():
    helper()


def broken():
    x = = 3
    )


def after():
    helper()
