import asyncio

from headrace.states import (
    Completed,
    Failed,
    exception_to_failed_state,
    get_state_exception,
    is_state_iterable,
    raise_state_exception,
)

print(is_state_iterable([Completed(), Failed()]), is_state_iterable([1]), is_state_iterable([]), is_state_iterable(5))
failed = Failed(data=ValueError("v"))
try:
    raise_state_exception(failed)
except ValueError as exc:
    print("raised", exc)
raise_state_exception(Completed())


async def main():
    exc = await get_state_exception(failed)
    print(repr(exc))
    state = await exception_to_failed_state(KeyError("k"))
    print(state.type.value, state.message)


asyncio.run(main())
