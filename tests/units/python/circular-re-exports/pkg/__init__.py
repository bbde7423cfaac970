from pkg.loop import start
from pkg import start
from . import start
from pkg import *
