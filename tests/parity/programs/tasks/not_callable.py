from headrace import flow, task

try:
    task(3)
except TypeError as exc:
    print(exc)
try:
    flow("hello")
except TypeError as exc:
    print(exc)
