from headrace import flow, task


@task
def letters():
    yield "a"
    yield "b"


@flow
def main():
    print(letters.submit().result())


main()
