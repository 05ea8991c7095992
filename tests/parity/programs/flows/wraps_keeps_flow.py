import functools

from headrace import flow


def repeat(times):
    def decorate(inner):
        @functools.wraps(inner.fn)
        def outer(*args, **kwargs):
            return [inner(*args, **kwargs) for _ in range(times)]

        return outer

    return decorate


@repeat(2)
@flow(name="inner-flow")
def job(x: int):
    return x + 1


print(job.__name__, job("1"))
