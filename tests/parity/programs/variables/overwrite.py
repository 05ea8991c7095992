from headrace.variables import Variable

Variable.unset("parity_once")
variable = Variable.set("parity_once", 1)
print(type(variable).__name__, variable.name, variable.value, variable.tags)
try:
    Variable.set("parity_once", 2)
except ValueError as exc:
    print(exc)
print(Variable.set("parity_once", 3, tags=["t"], overwrite=True).tags, Variable.get("parity_once"))
Variable.unset("parity_once")
