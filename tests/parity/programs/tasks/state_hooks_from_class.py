import functools

from headrace import flow, task


class Notifier:
    def __init__(self, channel):
        self.channel = channel

    def notify(self, task, run, state):
        print(self.channel, task.name, state.name)


def with_extra(extra, task, run, state):
    print("extra", extra, state.name)


notifier = Notifier("#ops")


@task(on_completion=[notifier.notify, functools.partial(with_extra, 5)])
def work():
    return 1


@work.on_completion
def later(task, run, state):
    print("later", run.name != "", state.result())


@flow
def main():
    work()
    print(len(work.on_completion_hooks))


main()
