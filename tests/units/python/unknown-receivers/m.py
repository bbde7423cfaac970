import json


class Rocket:
    def launch_now(self):
        pass

    def append(self, x):
        pass

    def get(self):
        pass

    def refuel(self):
        pass


class Car:
    def refuel(self):
        pass


def f(x):
    x.launch_now()
    x.append(1)
    x.get()
    x.refuel()


def g():
    json.launch_now()


def h(text: str):
    text.launch_now()
    "x".launch_now()
    [].launch_now()
