from functools import cached_property


class Engine:
    def start(self):
        pass


class Car:
    def __init__(self):
        self._engine = Engine()

    @property
    def engine(self):
        return self._engine

    @engine.setter
    def engine(self, value):
        self._engine = value

    @cached_property
    def spare(self) -> Engine:
        return Engine()

    def drive(self):
        self.engine.start()
        self.engine = None


def f(car: Car):
    car.spare.start()
