from typing import Annotated, Literal

from headrace import flow
from pydantic import Field


@flow
def limited(n: Annotated[int, Field(gt=0, lt=10)], mode: Literal["fast", "slow"] = "fast"):
    return n, mode


print(limited(3), limited("4", "slow"))
for arguments in ((0,), (3, "medium"), (11, "fast")):
    try:
        limited(*arguments)
    except Exception as exc:
        print(type(exc).__name__, str(exc))
