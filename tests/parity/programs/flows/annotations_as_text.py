from __future__ import annotations

from typing import Annotated, Optional

from pydantic import BaseModel, Field

from headrace import flow


class Item(BaseModel):
    name: str
    tags: list[str] = []


@flow
def main(item: Item, count: Annotated[int, Field(gt=0)] = 1, more: Optional[list[Item]] = None) -> str:
    return f"{item.name} {count} {[m.name for m in more or []]}"


print(main({"name": "a"}))
print(main(Item(name="b"), "3", [{"name": "c"}]))
for bad in (lambda: main({}), lambda: main({"name": "a"}, 0), lambda: main(None)):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__)
