import asyncio

from headrace import flow, task


class Service:
    def __init__(self, base):
        self.base = base

    @task
    async def get(self, n):
        return self.base + n

    @flow
    async def run(self):
        return [await self.get(n) for n in range(3)]


print(asyncio.run(Service(10).run()))
