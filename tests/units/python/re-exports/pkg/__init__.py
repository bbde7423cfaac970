from ._impl import work as do_work, rest
from .api import *
