# differs: a pydantic constraint in a default holds here
from headrace import flow
from pydantic import Field


@flow
def f(n: int = Field(default=2, gt=0)):
    return n


print(f(), f(3))
try:
    f(-1)
except Exception as exc:
    print(type(exc).__name__)
