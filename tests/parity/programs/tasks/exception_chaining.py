from headrace import flow, task


@task
def bad():
    try:
        {}["k"]
    except KeyError as exc:
        raise RuntimeError("wrapped") from exc


@flow
def main():
    try:
        bad()
    except RuntimeError as exc:
        print(exc, repr(exc.__cause__))
    state = bad(return_state=True)
    print(repr(state.result(raise_on_failure=False).__cause__))


main()
