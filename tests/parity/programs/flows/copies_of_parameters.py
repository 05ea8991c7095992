from headrace import flow, task


@task
def change(values, mapping):
    values.append(99)
    mapping["new"] = True
    return values


@flow
def child(values: list):
    values.append("child")


@flow
def untyped(values):
    values.append("untyped")


@flow
def main():
    values, mapping = [1], {}
    same = change(values, mapping)
    print(values, mapping, same is values)
    child(values)
    print(values)
    untyped(values)
    print(values)


main()
