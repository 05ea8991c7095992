import enum
from pathlib import Path
from typing import Optional
from uuid import UUID

from headrace import flow


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@flow
def paint(colour: Colour, path: Path = Path("a"), ident: Optional[UUID] = None):
    print(colour, repr(path), ident)


paint("red")
paint(Colour.BLUE, path="x/y", ident="12345678-1234-5678-1234-567812345678")
try:
    paint("green")
except Exception as exc:
    print(type(exc).__name__)
    print(exc)
