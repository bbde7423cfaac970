import copy

class Base:
    def me(self):
        return self
    def dup(self):
        return copy.copy(self)
    def same(self):
        obj = self.__class__()
        return obj
    def made(self):
        return type(self)()
    def parts(self):
        return []

class Sub(Base):
    def parts(self):
        return [1]
    def a(self):
        self.me().parts()
    def b(self):
        self.dup().parts()
    def c(self):
        self.same().parts()
    def d(self):
        self.made().parts()
    def e(self):
        c = super().me()
        c.parts()
    def f(self):
        c = super().dup()
        c.parts()

def outer(s: Sub):
    s.me().parts()
    s.dup().parts()
    s.same().parts()
    s.made().parts()
