from headrace.variables import Variable

for name, value in {
    "text": "words",
    "whole": 3,
    "real": 1.5,
    "yes": True,
    "nothing": None,
    "list": [1, "a", None],
    "deep": {"a": {"b": [1, 2]}},
}.items():
    Variable.set(f"parity2_{name}", value, overwrite=True)
    back = Variable.get(f"parity2_{name}")
    print(name, repr(back), type(back).__name__)
for bad in ({1, 2}, object()):
    try:
        Variable.set("parity2_bad", bad, overwrite=True)
        print("kept")
    except Exception as error:
        print(type(error).__name__)
print(Variable.get("parity2_missing"), Variable.get("parity2_missing", default=[1]))
print(Variable.unset("parity2_text"), Variable.unset("parity2_text"))
