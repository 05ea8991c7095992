from headrace import flow, task


@task
def validate(data: list) -> bool:
    return len(data) > 0


@flow(name="transform")
def transform_flow(data: list) -> list:
    if validate(data):
        return [x * 2 for x in data]
    return []


@flow(name="main")
def main_flow():
    result = transform_flow([1, 2, 3, 4, 5])
    print(f"Transformed: {result}")


main_flow()
