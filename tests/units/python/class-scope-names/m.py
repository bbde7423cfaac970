def helper(*args):
    pass


class C:
    def helper():
        pass

    size = helper()
    sizes = [helper(i) for i in range(2)]

    def method(self):
        helper()


class D:
    size = helper()

    def helper():
        pass

    later = helper()

    def method(self):
        helper()
