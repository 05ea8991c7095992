from headrace import flow, task
from headrace.cache_policies import CacheKeyFnPolicy, INPUTS

runs = []
policy = CacheKeyFnPolicy(cache_key_fn=lambda context, parameters: str(parameters["x"] % 2))


@task(cache_policy=policy, persist_result=True)
def parity(x):
    runs.append(x)
    return x % 2


@task(cache_policy=policy + INPUTS, persist_result=True)
def both(x):
    runs.append(x)


@flow
def main():
    print([parity(n) for n in range(5)], runs)
    both(10), both(12), both(10)
    print(runs)


main()
