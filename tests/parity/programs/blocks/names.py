from headrace.blocks.core import Block
from headrace.blocks.system import Secret


class ParityNamed(Block):
    n: int = 1


for name in ("Bad Name", "ok-name", "under_score"):
    try:
        ParityNamed().save(name, overwrite=True)
        print("ok", name)
    except Exception as exc:
        print(type(exc).__name__, name)
try:
    Secret.load("parity-does-not-exist")
except ValueError as exc:
    print(exc)
