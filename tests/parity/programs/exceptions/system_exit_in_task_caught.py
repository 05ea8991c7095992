from headrace import flow, task


@task
def work(code):
    raise SystemExit(code)


@flow
def main():
    try:
        work(3)
    except SystemExit as error:
        print("caught", error.code)
    return "went on"


print(main())
state = main(return_state=True)
print(state.name)
