import pkg
from pkg.deep.item import make
from pkg import *
def main(unknown):
    a = make()
    a.run()
    a.step()
    pkg.base.make().run()
    unknown.step()
    return Item().run()
