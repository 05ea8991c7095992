from headrace.input import RunInput


class Form(RunInput):
    name: str
    age: int = 5


form = Form(name="ann")
print(form.name, form.age, form)
made = Form.with_initial_data(name="bob", age=9)
print(made.model_json_schema()["properties"]["name"]["default"], issubclass(made, RunInput))
try:
    Form(age=1)
except Exception as exc:
    print(type(exc).__name__)
