from dataclasses import dataclass

import pydantic

from headrace import flow, task
from headrace.cache_policies import INPUTS

calls = []


@dataclass
class Point:
    x: int


class Model(pydantic.BaseModel):
    x: int


@task(cache_policy=INPUTS, persist_result=True)
def work(value):
    calls.append(repr(value))
    return len(calls)


@flow
def main():
    for value in (Point(1), Point(1), Point(2), Model(x=1), Model(x=1), {"a": [1]}, {"a": [1]}, (1, 2), (1, 2), {3}, {3}, None, None):
        print(work(value), end=" ")
    print()
    print(len(calls))


main()
