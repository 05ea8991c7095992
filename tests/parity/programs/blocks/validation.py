from headrace.blocks.core import Block


class ParityTyped(Block):
    port: int


try:
    ParityTyped(port="x")
except Exception as exc:
    print(type(exc).__name__)
    print(str(exc).splitlines()[1])
print(ParityTyped(port="80").port)
block = ParityTyped(port=1)
block.save("parity-typed", overwrite=True)
try:
    block.save("parity-typed")
except ValueError as exc:
    print(exc)
