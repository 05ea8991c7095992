"""Utilities."""
from headrace.utilities.collections import *
from headrace.utilities.collections import AutoEnum, listrepr, batched_iterable, visit_collection, flatdict_to_dict, dict_to_flatdict, ensure_iterable, extract_instances, remove_nested_keys, get_from_dict, set_in_dict, deep_merge, deep_merge_dicts, isiterable, distinct
from headrace.utilities.dispatch import register_type, register_base_type, lookup_type, get_dispatch_key
from headrace.utilities.slugify import slugify
from headrace.utilities.hashing import hash_objects, stable_hash
from headrace.utilities.callables import get_call_parameters, parameters_to_args_kwargs, call_with_parameters, get_parameter_defaults, explode_variadic_parameter, collapse_variadic_parameters, parameter_schema, parameter_docstrings, raise_for_reserved_arguments
from headrace.utilities.annotations import unmapped, quote, allow_failure
from headrace.utilities.names import obfuscate, obfuscate_string, generate_slug

from headrace.utilities.text import truncated_to, fuzzy_match_string
from headrace.utilities.importtools import to_qualified_name, from_qualified_name, import_object, lazy_import
from headrace.utilities.math import clamped_poisson_interval, bounded_poisson_interval, lower_clamp_multiple
class C(AutoEnum):
    RED = AutoEnum.auto()
print(C.RED, C.RED.value, repr(C.RED), C.RED == "RED")
print(listrepr([1, 2, 3], sep=" "), list(batched_iterable([1, 2, 3], 2)), flatdict_to_dict({("a", "b"): 1}), dict_to_flatdict({"a": {"b": 1}}), ensure_iterable(1), sorted(extract_instances([1, "a", 2.0], int)), remove_nested_keys(["x"], {"x": 1, "y": {"x": 2, "z": 3}}))
print(get_from_dict({"a": {"b": [1, 2]}}, "a.b[1]"), get_from_dict({}, "a", default=3), set_in_dict({}, "a.b", 1), deep_merge({"a": {"b": 1}}, {"a": {"c": 2}}), deep_merge_dicts({"a": 1}, {"b": 2}), isiterable([1]), isiterable("abc"), list(distinct([1, 1, 2])))
print(visit_collection([1, {"a": 2}], visit_fn=lambda x: x + 1 if isinstance(x, int) else x, return_data=True))
@register_base_type
class Base:
    @classmethod
    def __dispatch_key__(cls): return cls.__name__.lower()
@register_type
class Child(Base): pass
print(lookup_type(Base, "child") is Child, get_dispatch_key(Child), get_dispatch_key(Base, allow_missing=True))
try:
    lookup_type(Base, "zip")
except KeyError as e:
    print(e)
print(slugify("Hello World! ü"), obfuscate("secret-value-long"), obfuscate("secret-value-long", show_tail=True), obfuscate_string("abc"), len(generate_slug(2).split("-")))
def fn(a, b=2, *args, c=3, **kw): pass
print(get_call_parameters(fn, (1, 5, 6), {"d": 4}), get_parameter_defaults(fn), parameters_to_args_kwargs(fn, {"a": 1, "b": 2, "args": (3,), "c": 4, "kw": {"z": 1}}))
print(explode_variadic_parameter(fn, {"a": 1, "kw": {"z": 1}}), collapse_variadic_parameters(fn, {"a": 1, "z": 2}))
print(call_with_parameters(lambda a, b: a + b, {"a": 1, "b": 2}))
def m(x, y): pass
def doc(a, b):
    """Does.

    Args:
        a: the a
        b (int): the b
    """
print(parameter_docstrings(doc.__doc__), parameter_schema(doc).model_dump()["properties"])
try:
    raise_for_reserved_arguments(m, ["x"])
except Exception as e:
    print(type(e).__name__, e)
print(truncated_to(10, "a" * 30), fuzzy_match_string("hullo", ["hello", "x"]), to_qualified_name(Child), from_qualified_name("json.dumps").__name__, import_object("json:loads").__name__, lazy_import("json").__name__)
print(hash_objects(1, [2]) == hash_objects(1, [2]), hash_objects(object()) if False else "", stable_hash("a", "b"))
print(lower_clamp_multiple(0.5) > 0)
