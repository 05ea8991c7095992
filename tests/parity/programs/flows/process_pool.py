from headrace import flow, task
from headrace.task_runners import ProcessPoolTaskRunner


@task
def cube(x):
    return x**3


@flow(task_runner=ProcessPoolTaskRunner(max_workers=2))
def main():
    futures = cube.map([1, 2, 3])
    print([f.result() for f in futures])
    return cube.submit(4).result()


if __name__ == "__main__":
    print(main())
