from headrace import task


@task
def alpha():
    pass


print(alpha.task_key.split("-")[0])
print(type(alpha).__name__)
