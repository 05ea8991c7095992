from typing import Optional

from headrace.blocks.core import Block
from pydantic import Field


class ParityBase(Block):
    host: str = Field(default="localhost", description="where")

    def url(self) -> str:
        return f"http://{self.host}"


class ParitySpecial(ParityBase):
    port: Optional[int] = None

    def url(self) -> str:
        return f"{super().url()}:{self.port}"


block = ParitySpecial(port=80)
print(block.url(), block.model_dump(exclude_none=True).get("port"), isinstance(block, Block))
ident = block.save("parity-special", overwrite=True)
print(type(ident).__name__, ParitySpecial.load("parity-special").url())
