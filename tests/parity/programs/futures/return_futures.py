from headrace import flow, task


@task
def inc(x):
    return x + 1


@flow
def one():
    return inc.submit(1)


@flow
def many():
    return [inc.submit(1), inc.submit(2)]


@flow
def mapped():
    return inc.map([5, 6])


print(str(one()))
for returned in (many(), mapped()):
    print(type(returned).__name__, [str(item) for item in returned])
    print([item.result() for item in returned])
state = many(return_state=True)
print(state.type.value, state.message, len(state.result()))
