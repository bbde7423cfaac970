state = None


def outer():
    count = 0

    def inner():
        def innermost():
            other()

        innermost()

    def other():
        nonlocal count
        count += 1
        inner()
        return count

    inner()


def reset():
    global state
    state = 1
    return state


def make():
    class Made:
        def run(self):
            outer()

    return Made().run()
