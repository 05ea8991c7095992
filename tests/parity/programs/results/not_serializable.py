# differs: a result that is to be kept and cannot be fails its run, by an error that says so
from headrace import flow, task


@task(persist_result=True, result_serializer="json")
def unserializable():
    return object()


@flow
def main():
    try:
        state = unserializable(return_state=True)
        print(state.type.value)
    except Exception as exc:
        print(type(exc).__name__)


print(main(return_state=True).type.value)
