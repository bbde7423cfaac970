from app import run


def helper():
    pass


def test_run(client):
    run()


class TestApp:
    def test_it(self):
        helper()
