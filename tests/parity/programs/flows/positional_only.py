from headrace import flow, task


@task
def add(a, b, /):
    return a + b


@flow
def main(a, b=2, /):
    return add(a, b)


for call in (lambda: main(1), lambda: main(1, 5), lambda: main(a=1)):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__)
