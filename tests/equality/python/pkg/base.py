class Base:
    def run(self):
        return self.step()
    def step(self):
        return make().value
def make():
    from pkg.deep.item import Item
    return Item()
