from headrace import flow
from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int


@flow
def f(x: Strict):
    return x


print(f({"a": 1}))
try:
    f({"a": 1, "b": 2})
except Exception as exc:
    print(exc)
