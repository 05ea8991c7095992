from headrace.blocks.core import Block


class ParityConfig(Block):
    url: str
    retries: int = 3


block = ParityConfig(url="http://x")
print(block.url, block.retries)
block.save("parity-config", overwrite=True)
loaded = ParityConfig.load("parity-config")
print(loaded.url, loaded.retries, type(loaded).__name__, loaded == block)
loaded.retries = 9
loaded.save("parity-config", overwrite=True)
print(ParityConfig.load("parity-config").retries)
print(ParityConfig.get_block_type_slug())
ParityConfig.delete("parity-config")
try:
    ParityConfig.load("parity-config")
except ValueError as exc:
    print(exc)
