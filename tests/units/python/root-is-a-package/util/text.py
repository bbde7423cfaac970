def wrap():
    pass
