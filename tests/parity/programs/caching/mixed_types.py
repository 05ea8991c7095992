# differs: a list and a tuple with the same items are two inputs; there they have one key
from headrace import flow, task
from headrace.cache_policies import INPUTS
from pydantic import BaseModel

runs = []


class Model(BaseModel):
    n: int


@task(cache_policy=INPUTS, persist_result=True)
def f(x):
    runs.append(repr(x))
    return x


@flow
def main():
    for value in ([1, 2], [1, 2], {"a": 1}, {"a": 1}, Model(n=1), Model(n=1), Model(n=2), (1, 2), None, "1", 1, 1.0, True):
        f(value)
    print(len(runs))


main()
