from typing import Optional


class Log:
    def write(self):
        pass


class Db:
    def query(self):
        pass


class App:
    name = "app"
    later: Optional[Db] = None

    def __init__(self, db):
        self.log = Log()
        self.db: Db = db
        self.left, self.right = Log(), Db()
        self._private = None
        self.hook = db

    def run(self):
        self.log.write()
        self.db.query()
        self.left.write()
        self.right.query()
        self._private = self.db
        self._private.query()
        self.later.query()

    def hook(self):
        pass


def f(app: App):
    app.log.write()
