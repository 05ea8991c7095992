from headrace.states import Completed, Failed

print(str(Completed(message="m")), f"{Failed(message='x')}", str([str(Completed())]))
print(repr(Completed(message="m", data=5)))
