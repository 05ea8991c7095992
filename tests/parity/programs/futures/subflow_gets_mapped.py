from headrace import flow, task


@task
def load(n):
    return {"n": n}


@flow
def child(rows: list[dict], scale: int = 1):
    return sum(r["n"] for r in rows) * scale


@flow
def main():
    print(child([load.submit(1), load.submit(2)]))
    print(child(load.map([3, 4]), scale=load.submit(1).result()["n"] + 1))


main()
