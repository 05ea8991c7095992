import asyncio

from headrace import flow, task


class Resource:
    log = []

    async def __aenter__(self):
        self.log.append("enter")
        return self

    async def __aexit__(self, *error):
        self.log.append(f"exit {error[0].__name__ if error[0] else None}")


@task
async def use(lock, n):
    async with lock, Resource():
        if n == 1:
            raise KeyError("one")
        return n


@flow
async def main():
    lock = asyncio.Lock()
    answers = await asyncio.gather(*(use(lock, n) for n in range(3)), return_exceptions=True)
    return [repr(a) for a in answers]


print(asyncio.run(main()))
print(Resource.log)
