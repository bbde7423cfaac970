class Root:
    def run(self):
        pass

    def log(self):
        pass

    def go(self):
        self.run()


class Base(Root):
    def run(self):
        pass


class Mixin(Root):
    def log(self):
        pass


class Leaf(Mixin, Base):
    def run(self):
        super().run()
        self.log()


def use():
    Leaf().go()
    Leaf.log(None)


def old_style(leaf: Base):
    leaf.run()
