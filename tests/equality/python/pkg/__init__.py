from .base import Base
from .deep import *
