from dataclasses import dataclass
from enum import Enum


class Color(Enum):
    RED = 1
    BLUE = 2
    _order = None

    def mix(self):
        pass


@dataclass
class Point:
    x: int = 0
    color: Color = None

    def draw(self):
        return self.color is Color.BLUE


def f():
    Color.RED.mix()
    p = Point(1)
    p.color.mix()
