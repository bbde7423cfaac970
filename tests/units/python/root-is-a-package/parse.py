def quote():
    pass
