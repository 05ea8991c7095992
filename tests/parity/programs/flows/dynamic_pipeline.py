from headrace import flow, task


@task(task_run_name="extract-{source}")
def extract(source: str) -> list[int]:
    return [len(source)] * 2


@task
def transform(rows: list[int]) -> int:
    return sum(rows)


@task
def load(values: list[int]) -> str:
    return f"loaded {values}"


@flow(name="ETL", flow_run_name="etl-{size}", log_prints=False)
def etl(sources: list[str], size: int = 0):
    extracted = [extract.submit(s) for s in sources]
    transformed = [transform.submit(e) for e in extracted]
    result = load.submit(transformed)
    print(result.result())


etl(["a", "bb", "ccc"], size=3)
