from headrace import flow, task


@task
def a():
    return 1


@task
def b(x):
    return x


@flow
def main():
    b(a())


try:
    main.visualize()
    print("drawn")
except Exception as exc:
    print(type(exc).__name__ in ("GraphvizExecutableNotFoundError", "GraphvizImportError"))
