from b import pong


def ping():
    pong()


def self_made(n):
    x = self_made(n)
    x = x.next
    return x
