from headrace import flow, task
from headrace.variables import Variable


@task
def read(name):
    return Variable.get(name)


@flow
def main():
    for value in (1, 2.5, True, None, "text", [1, "a"], {"k": {"n": 1}}):
        Variable.set("parity_any", value, overwrite=True)
        print(repr(read("parity_any")))


main()
Variable.unset("parity_any")
