def core():
    pass
