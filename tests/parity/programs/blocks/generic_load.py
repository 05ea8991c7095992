from headrace.blocks.core import Block


class ParityAny(Block):
    """A block."""

    _block_type_name = "Parity Any"
    n: int = 1


ParityAny(n=4).save("parity-any-block", overwrite=True)
loaded = Block.load("parity-any/parity-any-block")
print(type(loaded).__name__, loaded.n, ParityAny.get_block_type_name(), ParityAny.get_block_type_slug())
print(ParityAny.get_description())
