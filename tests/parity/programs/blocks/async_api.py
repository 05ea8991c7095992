import asyncio

from headrace.blocks.core import Block


class ParityAsync(Block):
    n: int = 1


async def main():
    await ParityAsync(n=5).save("parity-async", overwrite=True)
    loaded = await ParityAsync.load("parity-async")
    print(loaded.n)
    await ParityAsync.delete("parity-async")
    try:
        await ParityAsync.load("parity-async")
    except ValueError as exc:
        print(exc)


asyncio.run(main())
