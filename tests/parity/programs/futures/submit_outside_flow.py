# differs: outside a flow, submit works
from headrace import task


@task
def inc(x):
    return x + 1


if __name__ == "__main__":
    print(inc.submit(1).result())
    print(inc.map([1, 2]).result())
