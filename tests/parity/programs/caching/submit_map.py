from headrace import flow, task
from headrace.cache_policies import INPUTS


@task(cache_policy=INPUTS, persist_result=True)
def square(x):
    return x * x


@flow
def main():
    print([f.wait() or f.state.name for f in square.map([1, 2, 3])])
    print([f.wait() or f.state.name for f in square.map([3, 4])])
    print(square.submit(4, return_state=True).name)


main()
