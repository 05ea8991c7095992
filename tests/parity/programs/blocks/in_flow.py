from headrace import flow, task
from headrace.blocks.system import Secret


@task
def use(secret):
    return len(secret.get())


@flow
def main():
    Secret(value="abcd").save("parity-in-flow", overwrite=True)
    print(use(Secret.load("parity-in-flow")))


main()
