from headrace import flow, task


@task(task_run_name="row-{row[id]}")
def handle(row, *, prefix="p", upper=False):
    text = f"{prefix}{row['id']}"
    return text.upper() if upper else text


@flow
def main():
    rows = [{"id": n} for n in range(3)]
    print(handle.map(rows).result())
    print(handle.map(rows, upper=True, prefix="q").result())
    print(handle.map(rows, prefix=["a", "b", "c"]).result())


main()
