from headrace import flow, task


@task
def step(state):
    return state + 1


@flow
def main(limit=3):
    value = 0
    while value < limit:
        value = step(value)
        print("value", value)
    return value


assert main() == 3
