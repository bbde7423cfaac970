def open_it():
    pass
