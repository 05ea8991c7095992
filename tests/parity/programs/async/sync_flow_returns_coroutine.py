import asyncio

from headrace import flow, task


@task
async def inner(n):
    return n + 1


@flow
def main():
    return inner(1)


answer = main()
print(type(answer).__name__)
if asyncio.iscoroutine(answer):
    answer.close()
