from headrace import flow, task


@task
def a():
    raise ValueError("a failed")


@task
def b(x):
    return x


@task
def c(x):
    return x


@flow
def main():
    f = a.submit()
    g = b.submit(f)
    h = c.submit(g)
    h.wait()
    print(f.state.name, g.state.name, h.state.name)
    print(g.state.message is not None and "did not reach a 'COMPLETED' state" in g.state.message)
    return 0


main()
