"""Functions and their arguments: by name, by place, and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from headrace.exceptions import ParameterBindError, ReservedArgumentError, SignatureMismatchError

R = TypeVar("R")


def get_call_parameters(
    fn: Callable[..., Any],
    call_args: tuple[Any, ...],
    call_kwargs: dict[str, Any],
    apply_defaults: bool = True,
) -> dict[str, Any]:
    """The arguments of a call by parameter name.

    Args:
        fn: the function.
        call_args: the call's arguments by place.
        call_kwargs: the call's arguments by name.
        apply_defaults: whether parameters that were not given are there with their defaults.

    Raises:
        ParameterBindError: the call does not fit the function.
    """
    try:
        bound = inspect.signature(fn).bind(*call_args, **call_kwargs)
    except TypeError as error:
        raise ParameterBindError.from_bind_failure(fn, error, call_args, call_kwargs) from None
    if apply_defaults:
        bound.apply_defaults()
    return dict(bound.arguments)


def get_parameter_defaults(fn: Callable[..., Any]) -> dict[str, Any]:
    """The defaults of those of a function's parameters that have one."""
    parameters = inspect.signature(fn).parameters
    return {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }


def parameters_to_args_kwargs(
    fn: Callable[..., Any], parameters: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call that gives parameters these values: `get_call_parameters` back.

    Raises:
        SignatureMismatchError: the function has no parameters of these names.
    """
    signature = inspect.signature(fn)
    if unknown := set(parameters) - set(signature.parameters):
        raise SignatureMismatchError.from_bad_params(list(signature.parameters), list(unknown))
    bound = signature.bind_partial()
    # In the order of the signature, which decides what goes by place.
    bound.arguments = {
        name: parameters[name] for name in signature.parameters if name in parameters
    }
    return bound.args, bound.kwargs


def call_with_parameters(fn: Callable[..., R], parameters: Mapping[str, Any]) -> R:
    """Call a function with its arguments by parameter name, `*args` and `**kwargs` included."""
    args, kwargs = parameters_to_args_kwargs(fn, parameters)
    return fn(*args, **kwargs)


def _rest_of(fn: Callable[..., Any]) -> str | None:
    """The name of a function's `**kwargs`, if it has them."""
    parameters = inspect.signature(fn).parameters.values()
    return next((one.name for one in parameters if one.kind is one.VAR_KEYWORD), None)


def explode_variadic_parameter(
    fn: Callable[..., Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name, with those of the function's `**kwargs` beside the others."""
    rest = _rest_of(fn)
    if rest is None:
        return parameters
    others = {name: value for name, value in parameters.items() if name != rest}
    return {**others, **parameters.get(rest, {})}


def collapse_variadic_parameters(
    fn: Callable[..., Any], parameters: dict[str, Any]
) -> dict[str, Any]:
    """`explode_variadic_parameter` the other way.

    Raises:
        ValueError: the function has no `**kwargs`, and not all parameters.
    """
    rest, known = _rest_of(fn), inspect.signature(fn).parameters
    others = {name: value for name, value in parameters.items() if name not in known}
    if not others:
        return parameters
    if rest is None:
        raise ValueError(
            f"Signature for {fn} does not include any variadic keyword argument "
            "but parameters were given that are not present in the signature."
        )
    return {name: parameters[name] for name in known if name in parameters} | {rest: others}


def raise_for_reserved_arguments(fn: Callable[..., Any], reserved_arguments: Iterable[str]) -> None:
    """Refuse a function that has parameters of names that are needed otherwise.

    Raises:
        ReservedArgumentError: it has one.
    """
    parameters = inspect.signature(fn).parameters
    for name in reserved_arguments:
        if name in parameters:
            raise ReservedArgumentError(f"{name!r} is a reserved argument name and cannot be used.")


def parameter_docstrings(docstring: str | None) -> dict[str, str]:
    """By parameter, what a docstring says of it under `Args:`."""
    from headrace.parameter_schema import described_parameters  # loads pydantic

    return described_parameters(inspect.cleandoc(docstring or ""))


def parameter_schema(fn: Callable[..., Any]) -> Any:
    """What can be passed to a function, as a `ParameterSchema`."""
    from headrace.parameter_schema import schema_of  # loads pydantic

    return schema_of(fn)
