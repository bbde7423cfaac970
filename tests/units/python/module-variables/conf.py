from typing import Callable

__all__ = [
    "LIMIT",
    "current",  # don't forget
    "App",
    "Handler",
    "left", "right",
    "_hidden",
]


class App:
    def run(self):
        pass


LIMIT = 10
current = App()
_private = None
Handler = Callable[[App], None]
left, right = App(), 1
LIMIT = 20


def _hidden():
    pass


def helper():
    pass
