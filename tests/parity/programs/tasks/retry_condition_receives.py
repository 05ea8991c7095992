from headrace import flow, task


def should_retry(task, task_run, state):
    try:
        state.result()
    except ConnectionError:
        print("retry", task.name, state.name, state.type.value)
        return True
    except Exception as error:
        print("stop", type(error).__name__)
        return False


failures = [ConnectionError("a"), ConnectionError("b"), KeyError("c")]


@task(retries=5, retry_condition_fn=should_retry)
def work():
    raise failures.pop(0)


@flow
def main():
    state = work(return_state=True)
    print(state.name, state.message, len(failures))


main()
