def on_done():
    pass


TABLE = {"done": on_done}


class Worker:
    def __init__(self, done=None):
        self.done = done
        self.hooks = [self.finish]

    def finish(self):
        pass


def f(register):
    register(on_done)
    w = Worker()
    register(done=w.finish)


def g():
    call = on_done
    call()


def h(w: Worker):
    key = lambda: on_done()
    other = [lambda: w.finish()]
