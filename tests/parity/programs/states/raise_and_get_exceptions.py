import asyncio

from headrace.states import Cancelled, Completed, Crashed, Failed, Paused, get_state_exception, raise_state_exception


async def ask(state):
    try:
        return repr(await get_state_exception(state))
    except Exception as error:
        return f"raised {type(error).__name__}: {error}"


for state in (Failed(message="words"), Failed(data=ValueError("v")), Crashed(message="c"), Cancelled(message="x"), Cancelled(), Failed(data="text"), Failed(data=[1])):
    print(state.name, asyncio.run(ask(state)))
    try:
        raise_state_exception(state)
    except BaseException as error:
        print(type(error).__name__, error)
try:
    asyncio.run(get_state_exception(Completed()))
except ValueError as error:
    print(error)
