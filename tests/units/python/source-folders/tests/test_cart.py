from shop.cart import add


def test_add():
    add()
