from datetime import date as real_date, datetime as real_datetime

class datetime(real_datetime):
    def date(self):
        return real_date(self.year, self.month, self.day)
