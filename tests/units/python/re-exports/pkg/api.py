from ._impl import extra
