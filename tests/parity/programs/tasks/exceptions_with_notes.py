from headrace import flow, task


@task
def work():
    error = ValueError("base")
    error.add_note("a note")
    raise error


@flow
def main():
    try:
        work()
    except ValueError as error:
        print(error.__notes__)
        error.add_note("another")
        raise


try:
    main()
except ValueError as error:
    print(error, error.__notes__)
