from pool import Pool


class Shape:
    """What has an area."""

    def area(self):
        return 0


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return square(self.side)


class Cube(Square):
    def volume(self):
        return self.side * self.area()


def square(n):
    return n * n


def fill(pool: Pool):
    pool.put(Square(2))
    pool.put(Cube(3))
