from headrace import flow, task
from headrace.task_runners import ThreadPoolTaskRunner


@task
def shout(text):
    print(text)
    return text.upper()


@flow
def child():
    print("child says")
    return shout("from child")


@flow(log_prints=True)
def loud():
    print("hidden")
    shout("hidden too")
    return child()


@flow(log_prints=True)
def mixed():
    shout.with_options(log_prints=False)("seen")
    return child.with_options(log_prints=False)()


print(loud())
print(mixed())
