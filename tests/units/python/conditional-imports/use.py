from typing import TYPE_CHECKING

try:
    from _fast import encode
except ImportError:
    from pure import encode

try:
    import not_in_this_tree as codec
except ImportError:
    import pure as codec

if TYPE_CHECKING:
    from models import User


def f():
    encode()
    codec.decode()


def g(user: "User"):
    user.save()
