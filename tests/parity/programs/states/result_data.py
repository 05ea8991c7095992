from headrace.states import Completed, Failed

print(Completed(data=5).result())
print(Completed(data={"a": 1}).result())
try:
    Failed(data=ValueError("stored")).result()
except ValueError as exc:
    print("raised", exc)
print(repr(Failed(data=ValueError("stored")).result(raise_on_failure=False)))
