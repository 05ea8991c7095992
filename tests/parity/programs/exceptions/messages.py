from headrace.exceptions import MappingLengthMismatch, MissingContextError, MissingResult, ParameterBindError, ReservedArgumentError, UnfinishedRun, UpstreamTaskError

for cls in (MappingLengthMismatch, MissingContextError, MissingResult, ReservedArgumentError, UnfinishedRun, UpstreamTaskError):
    exc = cls("text")
    print(cls.__name__, str(exc), isinstance(exc, Exception))

error = ParameterBindError.from_bind_failure(lambda a: a, TypeError("missing a required argument: 'a'"), (), {})
print(error)
