import common
import shop.cart


def main():
    common.log()
    shop.cart.add()
