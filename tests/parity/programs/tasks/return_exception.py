from headrace import flow, task


@task
def gives_exception():
    return ValueError("as a value")


@flow
def main():
    result = gives_exception()
    print(type(result).__name__, result)
    print(gives_exception(return_state=True).name)


main()
