class Top:
    def __init__(self):
        self.setup()

    def setup(self):
        pass

    @classmethod
    def build(cls):
        pass


class Left(Top):
    def setup(self):
        super().setup()


class Right(Top):
    def setup(self):
        super(Right, self).setup()


class Bottom(Left, Right):
    def setup(self):
        super().setup()

    def explicit(self):
        Right.setup(self)

    @classmethod
    def make(cls):
        super().build()

    def nested(self):
        def inner():
            super(Bottom, self).build()
