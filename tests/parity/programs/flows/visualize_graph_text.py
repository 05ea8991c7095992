from headrace import flow, task


@task(viz_return_value=2)
def one():
    raise RuntimeError("not run")


@flow
def main():
    return one()


try:
    print(main.isasync, main.isgenerator)
    print(type(main.visualize).__name__)
except Exception as error:
    print(type(error).__name__)
