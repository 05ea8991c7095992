from headrace import flow, task


@task
def a():
    return 1


@flow
def f():
    a()


print(hasattr(f, "visualize"), callable(f.serve), callable(f.deploy), callable(f.to_deployment), callable(f.from_source))
