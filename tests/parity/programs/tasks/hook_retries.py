from headrace import flow, task

tries = 0


def on_fail(task, task_run, state):
    print("failure hook after", tries)


def on_run(task, task_run, state):
    print("running hook", state.name)


@task(retries=2, on_failure=[on_fail], on_running=[on_run])
def work():
    global tries
    tries += 1
    raise ValueError(tries)


@flow
def main():
    print(work(return_state=True))


main()
