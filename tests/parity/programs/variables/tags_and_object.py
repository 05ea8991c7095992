from headrace.variables import Variable

made = Variable.set("parity2_tagged", 5, tags=["b", "a"], overwrite=True)
print(type(made).__name__, made.name, made.value, sorted(made.tags))
try:
    Variable.set("parity2_tagged", 6)
except ValueError as error:
    print(type(error).__name__, error)
for name in ("Bad Name", "UPPER", "a" * 300, "ok-name", "dots.in"):
    try:
        print(Variable.set(name, 1, overwrite=True).name[:10])
    except Exception as error:
        print(type(error).__name__)
