from headrace import flow, task

count = {"value": 0, "type": 0}


def only_value_errors(task, task_run, state) -> bool:
    try:
        state.result()
    except ValueError:
        return True
    except Exception:
        return False
    return False


@task(retries=3, retry_condition_fn=only_value_errors)
def choosy(kind):
    count[kind] += 1
    if kind == "value":
        raise ValueError("v")
    raise TypeError("t")


@flow
def main():
    for kind in ("value", "type"):
        state = choosy(kind, return_state=True)
        print(kind, count[kind], state.name)


main()
