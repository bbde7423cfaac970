from loop1 import thing
