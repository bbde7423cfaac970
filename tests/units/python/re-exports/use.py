from pkg import do_work, rest as pause, extra


def f():
    do_work()
    pause()
    extra()
