from headrace import flow, task
from headrace.runtime import task_run

events = []


def note(kind):
    def hook(task, task_run, state):
        events.append((kind, state.name, task_run.run_count))

    return hook


@task(
    retries=2,
    on_running=[note("running")],
    on_failure=[note("failure")],
    on_completion=[note("completion")],
)
def work(good_on):
    if task_run.run_count < good_on:
        raise ValueError(task_run.run_count)
    return task_run.run_count


@flow
def main():
    print(work(2))
    print([e[:2] for e in events])
    events.clear()
    print(work(5, return_state=True).name)
    print([e[:2] for e in events])


main()
