import datetime as dt
from datetime import datetime

def now():
    return datetime.now().date()

def param(value):
    if isinstance(value, dt.datetime):
        return value.date()

def parse(s):
    return dt.datetime.strptime(s, '%Y').date()
