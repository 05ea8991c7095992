from headrace.blocks.core import Block


class ParityInner(Block):
    n: int


class ParityOuter(Block):
    inner: ParityInner
    label: str = "l"


inner = ParityInner(n=2)
inner.save("parity-inner", overwrite=True)
ParityOuter(inner=inner).save("parity-outer", overwrite=True)
print(ParityOuter.load("parity-outer").inner.n)
print(ParityOuter.load("parity-outer").label)
