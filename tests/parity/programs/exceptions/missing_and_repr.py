from headrace.exceptions import (
    MissingContextError,
    MissingResult,
    ParameterBindError,
    ParameterTypeError,
    ReservedArgumentError,
    SignatureMismatchError,
    UnfinishedRun,
    MappingLengthMismatch,
    MappingMissingIterable,
    InvalidNameError,
    HeadraceException,
)

for kind in (MissingContextError, MissingResult, ParameterBindError, ParameterTypeError, ReservedArgumentError, SignatureMismatchError, UnfinishedRun, MappingLengthMismatch, MappingMissingIterable, InvalidNameError):
    print(kind.__name__, [b.__name__ for b in kind.__mro__[1:-2]])
print(SignatureMismatchError.from_bad_params(["a"], ["b"]))
print(issubclass(HeadraceException, Exception))


def f(a, b):
    pass


print(ParameterBindError.from_bind_failure(f, TypeError("missing a required argument: 'a'"), (), {"b": 1}))
