from headrace import flow, task


@task
def process(record):
    if record is None:
        raise ValueError("empty record")
    return record * 2


@flow
def main(records):
    futures = process.map(records)
    good, bad = [], 0
    for future in futures:
        future.wait()
        if future.state.is_completed():
            good.append(future.result())
        else:
            bad += 1
    return {"good": good, "bad": bad}


print(main([1, None, 3, None]))
