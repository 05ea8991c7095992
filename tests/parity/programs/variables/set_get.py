from headrace.variables import Variable

Variable.set("parity_city", "Paris", overwrite=True)
print(Variable.get("parity_city"))
print(Variable.get("parity_missing"), Variable.get("parity_missing", default="fallback"))
Variable.set("parity_city", {"a": [1, 2, None]}, overwrite=True)
print(Variable.get("parity_city")["a"])
Variable.unset("parity_city")
print(Variable.get("parity_city"))
print(Variable.unset("parity_city"))
