from headrace import flow, task


@task
def rows():
    return [{"a": 1, "ok": True}, {"a": 2, "ok": False}]


@task
def keep(items):
    return [item for item in items if item["ok"]]


@task
def load(items):
    return len(items)


@flow(name="etl")
def etl():
    raw = rows()
    kept = keep(raw)
    return {"loaded": load(kept), "kept": kept}


if __name__ == "__main__":
    print(etl())
