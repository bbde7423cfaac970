import unittest


def run():
    pass


class Db:
    def test_connection(self):
        pass


class SmokeTestCase(unittest.TestCase):
    def setUp(self):
        run()


def test_inline():
    pass
