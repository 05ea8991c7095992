from headrace import allow_failure, flow, task, unmapped
from headrace.utilities.annotations import quote


@task
def show(x):
    return f"{type(x).__name__} {x}"


@flow
def main():
    print(show(quote({"a": 1})))
    print(show(allow_failure([1])))
    print(show(unmapped(3)))


main()
