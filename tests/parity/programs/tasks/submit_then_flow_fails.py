from headrace import flow, task


@task
def ok():
    print("task ran")
    return 1


@flow
def main():
    ok.submit().wait()
    raise ValueError("after")


print(main(return_state=True).message)
