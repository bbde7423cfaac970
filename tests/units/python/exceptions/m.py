class Failure(Exception):
    def __init__(self, why):
        self.why = why

    def report(self):
        pass


class Other(Failure):
    def more(self):
        pass


def cleanup():
    pass


def f():
    try:
        raise Failure("no")
    except (ValueError, Failure) as e:
        pass
    except Other:
        raise Other
    finally:
        cleanup()
    try:
        pass
    except Failure as e:
        e.report()
    except Other as e:
        e.more()
