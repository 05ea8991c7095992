# differs: a direct call with a failed future raises
from headrace import flow, task


@task
def bad():
    raise ValueError("root")


@task
def after(x):
    return x


@flow
def main():
    try:
        after(bad.submit())
    except Exception as exc:
        print("raised")
    return 1


main()
