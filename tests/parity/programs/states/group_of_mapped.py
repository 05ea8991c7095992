from headrace import flow, task
from headrace.states import StateGroup


@task
def maybe(n):
    if n == 2:
        raise ValueError(n)
    return n


@flow
def main():
    states = maybe.map([1, 2, 3], return_state=True)
    group = StateGroup(states)
    print(group.total_count, group.fail_count, group.all_completed(), group.any_failed())
    print(group.counts_message())
    return states


print(main(return_state=True).message)
