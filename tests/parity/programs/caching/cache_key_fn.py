from headrace import flow, task
from headrace.tasks import task_input_hash

runs = []


def by_first(context, parameters):
    return f"{context.task.name}-{parameters['a']}"


@task(cache_key_fn=by_first)
def custom(a, b):
    runs.append((a, b))
    return a, b


@task(cache_key_fn=task_input_hash)
def hashed(a):
    runs.append(a)
    return a


@flow
def main():
    print(custom(1, 2), custom(1, 3), custom(2, 3))
    print(hashed("x"), hashed("x"), hashed("y"))
    print(runs)


main()
