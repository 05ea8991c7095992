"""Hello world: one flow with two tasks."""

from headrace import flow, task


@task
def greet(name: str) -> str:
    return f"Hello, {name}"


@task
def emphasise(text: str) -> str:
    return f"{text}!"


@flow
def hello(name: str) -> str:
    return emphasise(greet(name))


if __name__ == "__main__":
    print(hello("world"))
