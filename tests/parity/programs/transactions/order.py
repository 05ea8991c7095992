from headrace import flow, task
from headrace.transactions import transaction


def make(name):
    @task(name=name)
    def step():
        print("do", name)

    @step.on_rollback
    def undo(txn):
        print("undo", name)

    return step


@flow
def main():
    with transaction():
        for name in ("one", "two", "three"):
            make(name)()
        raise ValueError("late")


main(return_state=True)
