from headrace import flow, task
from headrace.runtime import task_run


@task(name="load table", task_run_name="load {table[name]} #{n:03d}")
def load(table, n):
    return task_run.name


def by_hand():
    from headrace.runtime import task_run

    return f"{task_run.task_name}:{task_run.parameters['n']}"


@task(task_run_name=by_hand)
def other(n):
    return task_run.name


@flow(flow_run_name=lambda: "made by lambda")
def main():
    from headrace.runtime import flow_run

    print(flow_run.name)
    print(load({"name": "users"}, 7), other(3), other.with_options(task_run_name="{n}!")(4))


main()
