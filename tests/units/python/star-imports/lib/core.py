def alpha():
    pass


def beta():
    pass


class Thing:
    def go(self):
        pass
