from typing import List


class Reply:
    def json(self):
        pass


async def fetch():
    return Reply()


async def declared() -> Reply:
    pass


async def listed() -> List[Reply]:
    pass


async def stream():
    yield Reply()


class Pool:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        pass

    def get(self) -> Reply:
        pass


async def main():
    (await fetch()).json()
    (await declared()).json()
    async with Pool() as pool:
        pool.get().json()
    async for reply in stream():
        reply.json()
    for reply in await listed():
        reply.json()
