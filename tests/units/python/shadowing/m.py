def helper():
    pass


class Local:
    def __init__(self):
        pass

    def run(self):
        pass


def parameter(helper: Local):
    helper.run()


def local():
    helper = Local()
    helper.run()


def inner_wins():
    def helper():
        pass

    helper()


def outer():
    helper()


def hidden_by_parameter(helper):
    helper()
