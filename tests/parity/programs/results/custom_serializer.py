from typing import Literal

from headrace import flow, task
from headrace.serializers import Serializer


class Upper(Serializer):
    type: Literal["upper"] = "upper"

    def dumps(self, obj):
        return str(obj).upper().encode()

    def loads(self, blob):
        return blob.decode()


@task(persist_result=True, result_serializer=Upper(), cache_key_fn=lambda *_: "k", cache_result_in_memory=False)
def work():
    return "hello"


@flow
def main():
    print(work())
    state = work(return_state=True)
    print(state.name, state.result())


main()
print(type(Serializer(type="upper")).__name__)
