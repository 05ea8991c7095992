from headrace import flow
from pydantic import BaseModel


class Item(BaseModel):
    size: int = 3


@flow
def f(a: int, b: str = "x", c: list[float] | None = None, *, item: Item = Item()):
    """Doc.

    Args:
        a: the number
        b: the text
    """


schema = f.parameters.model_dump()
print(schema["title"], schema["type"], schema["required"])
for name, prop in schema["properties"].items():
    print(name, sorted(prop.items(), key=str))
