def run():
    return helper()


def helper():
    return 1


class Engine:
    def run(self):
        return helper()


class Motor:
    def run(self):
        return run()
