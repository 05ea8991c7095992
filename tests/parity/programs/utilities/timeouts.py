import asyncio
import threading
import time

from headrace.utilities.timeout import timeout, timeout_async


class Late(TimeoutError):
    pass


def told(work):
    try:
        return work()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def slow(seconds=0.2, kind=TimeoutError, work=time.sleep):
    with timeout(seconds, timeout_exc_type=kind):
        work(5)
    return "done"


def quick():
    with timeout(5):
        return "quick"


async def slow_async():
    with timeout_async(0.1, timeout_exc_type=Late):
        await asyncio.sleep(5)


async def quick_async():
    with timeout_async(5):
        await asyncio.sleep(0)
    with timeout_async(None):
        return "quick"


print(told(slow))
print(told(lambda: slow(kind=Late)))
print(told(quick))
print(told(lambda: slow(kind=ValueError)))
print(told(lambda: asyncio.run(slow_async())))
print(told(lambda: asyncio.run(quick_async())))
answers = []
thread = threading.Thread(target=lambda: answers.append(told(lambda: slow(work=busy))))
thread.start()
thread.join()
print(answers)
