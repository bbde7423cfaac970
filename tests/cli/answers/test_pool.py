from pool import Pool
from shapes import fill


def test_fill():
    pool = Pool()
    fill(pool)
    assert pool.take()
