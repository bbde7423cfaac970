class OperationWriter:
    def feed(self, line):
        pass
