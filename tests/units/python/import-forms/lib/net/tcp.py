def dial():
    pass
