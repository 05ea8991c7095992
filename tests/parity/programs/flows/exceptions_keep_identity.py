from headrace import flow, task

kept = ValueError("same")


@task
def work():
    raise kept


@flow
def child():
    work()


@flow
def main():
    try:
        child()
    except ValueError as error:
        print(error is kept)
        raise


try:
    main()
except ValueError as error:
    print(error is kept)
state = main(return_state=True)
print(state.result(raise_on_failure=False) is kept)
try:
    state.result()
except ValueError as error:
    print(error is kept)
