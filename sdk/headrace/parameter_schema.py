"""The parameters of a flow as a JSON schema, for forms, command lines and deployments."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from typing import Any, Literal

import pydantic
from pydantic.json_schema import GenerateJsonSchema

_REFERENCES = "#/definitions/{model}"


class ParameterSchema(pydantic.BaseModel):
    """What can be passed to a flow.

    Attributes:
        properties: by parameter, its own schema, with its `position`.
        required: the parameters without a default.
        definitions: the schemas that others refer to.
    """

    title: Literal["Parameters"] = "Parameters"
    type: Literal["object"] = "object"
    properties: dict[str, Any] = pydantic.Field(default_factory=dict)
    required: list[str] = pydantic.Field(default_factory=list)
    definitions: dict[str, Any] = pydantic.Field(default_factory=dict)

    def model_dump_for_openapi(self) -> dict[str, Any]:
        """The schema as a dict, without `required` where nothing is."""
        dumped = self.model_dump(exclude_none=True)
        if not self.required:
            del dumped["required"]
        return dumped


def schema_of(function: Callable[..., Any]) -> ParameterSchema:
    """The schema of a function's parameters; annotations with no schema take anything."""
    try:
        hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
    except Exception:  # an annotation names what exists only for a type checker
        hints = {}
    described = described_parameters(inspect.getdoc(function) or "")
    schema = ParameterSchema()
    for position, (name, parameter) in enumerate(inspect.signature(function).parameters.items()):
        if name in ("self", "cls"):
            continue
        field = _field(parameter, position, described.get(name))
        own = _property(name, _whole(parameter, hints.get(name, Any)), field)
        schema.definitions.update(own.pop("$defs", {}))
        schema.properties[name] = own["properties"][name]
        if field.is_required():
            schema.required.append(name)
    return schema


def _whole(parameter: inspect.Parameter, annotation: Any) -> Any:
    """The type of what a parameter takes as a whole: `*args: int` takes a list of them."""
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        return list[annotation]
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        return dict[str, annotation]
    return annotation


def _field(parameter: inspect.Parameter, position: int, description: str | None) -> Any:
    default: Any = parameter.default
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        default = []
    elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
        default = {}
    if type(default).__module__ == "pydantic.fields":
        default.json_schema_extra = {"position": position}
        return default
    return pydantic.Field(
        default=... if default is inspect.Parameter.empty else default,
        title=parameter.name,
        description=description,
        json_schema_extra={"position": position},
    )


class _LenientSchema(GenerateJsonSchema):
    """Schemas of classes that pydantic knows nothing of are empty."""

    def is_instance_schema(self, schema: Any) -> dict[str, Any]:
        return {}

    def callable_schema(self, schema: Any) -> dict[str, Any]:
        return {}


def _property(name: str, annotation: Any, field: Any) -> dict[str, Any]:
    anything: pydantic.ConfigDict = {"arbitrary_types_allowed": True}
    for attempt in (annotation, Any):
        try:
            definitions: Any = {name: (attempt, field)}
            model = pydantic.create_model("Parameters", __config__=anything, **definitions)
            return pydantic.TypeAdapter(model).json_schema(
                ref_template=_REFERENCES, schema_generator=_LenientSchema
            )
        except (pydantic.PydanticUserError, ValueError, TypeError):
            continue
    return {"properties": {name: {"title": name}}}


def described_parameters(text: str) -> dict[str, str]:
    """What a docstring says of parameters under `Args:`."""
    found = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", text, re.M)
    described: dict[str, str] = {}
    name = ""
    for line in found[1].splitlines() if found else ():
        start = re.match(r"\s{1,4}(\w+)(?: \(.*?\))?:\s*(.*)", line)
        if start:
            name = start[1]
            described[name] = start[2]
        elif name and line.strip():
            described[name] = f"{described[name]}\n{line.strip()}".strip()
    return described
