# differs: a flow that returns failures raises unless return_state is set
from headrace import flow, task


@task
def bad():
    raise ValueError("no")


@flow
def main():
    return [bad(return_state=True)]


print(main(return_state=True).name)
try:
    main()
except Exception as exc:
    print(type(exc).__name__)
