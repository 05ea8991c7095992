from headrace.utilities.callables import call_with_parameters, get_call_parameters, parameter_schema, get_parameter_defaults, parameters_to_args_kwargs


def f(a, b=2, *rest, c=3):
    return a, b, rest, c


print(get_call_parameters(f, (1,), {"c": 5}))
print(get_parameter_defaults(f))
print(call_with_parameters(f, {"a": 1, "b": 7, "rest": (8, 9)}))
print(parameters_to_args_kwargs(f, {"a": 1, "b": 2, "rest": (), "c": 4}))
print(parameter_schema(lambda x, y="q": None).model_dump()["required"])
