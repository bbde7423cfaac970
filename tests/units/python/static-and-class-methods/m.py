class Other:
    def go(self):
        pass


class Tool:
    @classmethod
    def make(cls):
        cls.check(None)
        return Tool()

    @staticmethod
    def check(other: Other):
        Tool.deep()
        other.go()

    @staticmethod
    def deep():
        pass

    def use(self):
        self.check(None)
        self.make().use()


def f():
    Tool.check(None)
    Tool.make().use()
