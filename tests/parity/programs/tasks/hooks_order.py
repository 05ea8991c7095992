from headrace import flow, task


def say(text):
    def hook(task, task_run, state):
        print(text, task.name, state.name)

    return hook


@task(on_completion=[say("first"), say("second")], on_failure=[say("failure")], on_running=[say("running")])
def work(fail):
    print("body", fail)
    if fail:
        raise ValueError("x")
    return 1


@flow
def main():
    work(False)
    work(True, return_state=True)


main()
