import asyncio

from headrace.states import (
    Completed,
    Failed,
    exception_to_failed_state,
    get_state_exception,
    get_state_result,
    is_state,
    is_state_iterable,
    raise_state_exception,
)

print(is_state(Completed()), is_state(1), is_state_iterable([Completed(), Failed()]), is_state_iterable([1]), is_state_iterable([]))
failed = Failed(data=ValueError("v"))
try:
    result = raise_state_exception(failed)
    if asyncio.iscoroutine(result):
        asyncio.run(result)
except ValueError as exc:
    print("raised", exc)


async def main():
    exc = await get_state_exception(failed)
    print(repr(exc))
    state = await exception_to_failed_state(KeyError("k"))
    print(state.type.value, state.message)


asyncio.run(main())
print(get_state_result(Completed(data=4)))
