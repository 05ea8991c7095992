from headrace import flow, task


@task
def work(data, *, name="n", state=None, run=1, key=None):
    return data, name, state, run, key


@flow
def main(name="flow", parameters=None, version=2):
    print(work(1, name="x", state="s"))
    print(work.submit(2, key="k").result())
    print(work.map([1, 2], name="zz" if False else "z", run=[5, 6]).result() if False else work.with_options(name="other")(3))
    return name, parameters, version


print(main(parameters={"a": 1}))
