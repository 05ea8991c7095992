from headrace import flow
from headrace.blocks.core import Block
from headrace.blocks.system import JSON, Secret


class Parity2Counter(Block):
    start: int = 0
    labels: list[str] = []

    _block_type_name = "Parity2 Counter"

    def block_initialization(self):
        self._value = self.start

    def up(self):
        self._value += 1
        return self._value


counter = Parity2Counter(start=5)
print(counter.up(), counter.up(), counter.labels)
counter.save("parity2-counter", overwrite=True)
again = Parity2Counter.load("parity2-counter")
print(again.up(), again.start)
try:
    Parity2Counter(start=1).save("parity2-counter")
except ValueError as error:
    print(type(error).__name__)
Parity2Counter(start=9).save("parity2-counter", overwrite=True)
print(Block.load("parity2-counter/parity2-counter").start if False else Parity2Counter.load("parity2-counter").start)
Secret(value={"a": 1}).save("parity2-secret", overwrite=True)
print(Secret.load("parity2-secret").get(), Secret.load("parity2-secret"))
try:
    Secret.load("parity2-nothing")
except ValueError as error:
    print(error)
