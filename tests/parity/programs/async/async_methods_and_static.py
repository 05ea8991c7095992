import asyncio

from headrace import flow, task


class Client:
    def __init__(self, base):
        self.base = base

    @task
    async def get(self, n):
        return self.base + n

    @staticmethod
    @task
    async def fixed():
        return "fixed"

    @classmethod
    @task
    async def name(cls):
        return cls.__name__

    @flow
    async def run(self, ns):
        values = [await self.get(n) for n in ns]
        return values, await self.fixed(), await self.name()


print(asyncio.run(Client(10).run([1, 2])))
