from headrace import flow, task


@task(persist_result=True, result_serializer="json")
def rows():
    return {"a": [1, 2.5, None, True], "b": "text"}


@task(persist_result=True, result_serializer="compressed/json")
def packed():
    return [1] * 3


@flow
def main():
    print(rows(return_state=True).result())
    print(packed(return_state=True).result())


main()
