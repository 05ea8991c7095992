from headrace import flow, task
from headrace.utilities.annotations import quote


@task
def size(items):
    return len(items), type(items).__name__


@flow
def main():
    print(size(quote([1, 2, 3])))
    print(size.submit(quote({"a": 1})).result())


main()
q = quote([1])
print(q.unquote(), q.value)
