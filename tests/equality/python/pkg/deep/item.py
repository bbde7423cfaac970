from pkg import base
class Item(base.Base):
    value = 3
    def step(self):
        return self.run()
def make(x=None):
    return Item() if x else base.make()
