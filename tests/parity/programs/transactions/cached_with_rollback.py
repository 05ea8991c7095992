from headrace import flow, task
from headrace.transactions import transaction

runs = 0


@task(cache_key_fn=lambda *_: "fixed")
def work():
    global runs
    runs += 1
    return runs


@flow
def main(fail):
    with transaction():
        work()
        if fail:
            raise RuntimeError("no")


main(True, return_state=True)
print(runs)
main(False)
print(runs)
main(False)
print(runs)
