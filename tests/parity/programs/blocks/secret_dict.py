from headrace.blocks.core import Block
from headrace.blocks.fields import SecretDict


class ParityKeys(Block):
    keys: SecretDict


block = ParityKeys(keys={"a": 1})
print(block.keys.get_secret_value(), "1" in str(block.keys))
block.save("parity-keys", overwrite=True)
print(ParityKeys.load("parity-keys").keys.get_secret_value())
