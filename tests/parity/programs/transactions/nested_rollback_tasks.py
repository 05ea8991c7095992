from headrace import flow, task
from headrace.transactions import transaction

log = []


@task
def write(name):
    log.append(f"write {name}")
    return name


@write.on_rollback
def undo(txn):
    log.append("undo")


@write.on_commit
def kept(txn):
    log.append("commit")


@flow
def main(fail_inner, fail_outer):
    with transaction():
        write("a")
        try:
            with transaction():
                write("b")
                if fail_inner:
                    raise ValueError("inner")
        except ValueError as error:
            log.append(str(error))
        write("c")
        if fail_outer:
            raise ValueError("outer")


for fail_inner, fail_outer in ((False, False), (True, False), (False, True), (True, True)):
    log.clear()
    state = main(fail_inner, fail_outer, return_state=True)
    print(state.name, log)
