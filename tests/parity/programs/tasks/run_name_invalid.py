from headrace import flow, task

try:

    @task(task_run_name=5)
    def bad():
        pass

except TypeError as exc:
    print(exc)


@task(task_run_name=lambda: 7)
def returns_int():
    return 1


@flow
def main():
    try:
        print(returns_int())
    except TypeError as exc:
        print("TypeError", str(exc).startswith("Callable"))


main()
