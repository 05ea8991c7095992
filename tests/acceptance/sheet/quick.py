import sys

from headrace import flow, task


@task
def fetch_data(url: str) -> list[dict]:
    import httpx

    return httpx.get(url).json()


@task
def process(records: list[dict]) -> list[dict]:
    return [record for record in records if record.get("active")]


@flow(name="My Pipeline")
def pipeline(url: str) -> list[dict]:
    raw = fetch_data(url)
    return process(raw)


if __name__ == "__main__":
    print(pipeline(sys.argv[1]))
