from headrace import flow, task

calls = 0


@task(retries=1, retry_delay_seconds=0)
def bad():
    global calls
    calls += 1
    raise RuntimeError("no luck")


@flow
def main():
    state = bad(return_state=True)
    print(calls, state.type.value, state.name)
    print(state.message)
    try:
        bad()
    except RuntimeError as exc:
        print("caught", exc)
    print(calls)


main()
