from headrace import flow, task


@task
def work():
    raise KeyboardInterrupt


@flow
def main():
    try:
        work()
    except KeyboardInterrupt:
        print("caught")
    return "went on"


print(main())
