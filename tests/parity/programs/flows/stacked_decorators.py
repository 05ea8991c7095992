import functools

from headrace import flow, task


def shout(fn):
    @functools.wraps(fn)
    def inner(*args, **kwargs):
        return str(fn(*args, **kwargs)).upper()

    return inner


def logged(fn):
    @functools.wraps(fn)
    def inner(*args, **kwargs):
        print("calling", fn.__name__)
        return fn(*args, **kwargs)

    return inner


@task
@shout
@logged
def greet(name: str = "you"):
    """Greets."""
    return f"hello {name}"


@logged
@flow
@shout
def main(who: str, times: int = 1):
    """The main flow."""
    return greet(who) * times


print(greet.name, greet.description, main.__name__)
print(main("a", times="2"))
