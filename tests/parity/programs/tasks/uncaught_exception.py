from headrace import task


@task
def boom():
    raise KeyError("missing")


print("before")
boom()
print("never")
