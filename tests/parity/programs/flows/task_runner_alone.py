from headrace import task
from headrace.task_runners import ThreadPoolTaskRunner


@task
def square(x):
    return x * x


with ThreadPoolTaskRunner(max_workers=2) as runner:
    futures = [runner.submit(square, parameters={"x": n}) for n in range(4)]
    print([f.result() for f in futures])
    print(runner.map(square, parameters={"x": [5, 6]}).result())
