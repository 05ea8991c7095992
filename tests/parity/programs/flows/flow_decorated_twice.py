from headrace import flow, task


def plain(x):
    return x + 1


as_task = task(plain)
as_flow = flow(plain)
print(as_task(1), as_flow(2), plain(3))
print(as_task.fn is plain, as_flow.fn is plain)
