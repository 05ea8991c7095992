from headrace import flow, task, unmapped


@task
def show(a, b):
    return f"{a}/{b}"


@flow
def main():
    print(show.map(["x", "y"], "zz").result())
    print(show.map(["x"], {"k": 1}).result())


main()
