from .item import Item, make
from ..base import Base
