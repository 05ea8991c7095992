import pydantic

from headrace import flow


class Model(pydantic.BaseModel):
    x: int


@flow
def main(m: Model, n: int = 1, anything=None):
    pass


print(main.validate_parameters({"m": {"x": "1"}, "n": "2"}))
print(main.serialize_parameters({"m": Model(x=1), "n": 2, "anything": {1}}))
print(main.serialize_parameters({"m": Model(x=3), "anything": None})["m"])
for bad in ({"m": 1}, {"m": {"x": 1}, "n": "a"}, {"m": {"x": 1}, "z": 1}):
    try:
        print(main.validate_parameters(bad))
    except Exception as error:
        print(type(error).__name__)
schema = main.parameters
print(sorted(schema.properties), schema.required, schema.title)
