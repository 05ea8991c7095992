from headrace import flow, task


def completed(task, run, state):
    print("hook", state.name)


@task(cache_key_fn=lambda *_: "k", on_completion=[completed])
def work():
    print("body")
    return 1


@flow
def main():
    work()
    work()


main()
