from dataclasses import dataclass

from headrace import flow, task
from pydantic import BaseModel


@dataclass
class Row:
    n: int


class Model(BaseModel):
    n: int


@task
def rows():
    return [Row(1), Model(n=2)]


@task
def total(items):
    return sum(i.n for i in items)


@flow
def main():
    result = rows()
    print(result, total(result))


main()
