import pytest


@pytest.fixture
def client():
    pass
