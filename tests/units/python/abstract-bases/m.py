from abc import ABC, abstractmethod
from typing import Protocol


class Shape(ABC):
    @abstractmethod
    def area(self):
        pass

    @property
    @abstractmethod
    def name(self):
        pass


class Square(Shape):
    def area(self):
        pass

    @property
    def name(self):
        return "square"


def total(shape: Shape):
    return shape.area()


def exact():
    return Square().area()


class Quacks(Protocol):
    def quack(self):
        ...


class Duck(Quacks):
    def quack(self):
        pass


def loud(duck: Quacks):
    duck.quack()
