# differs: there are no errors of what headrace does not have
import headrace.exceptions as e

names = ["HeadraceException", "CrashedRun", "FailedRun", "CancelledRun", "PausedRun", "UnfinishedRun", "MissingFlowError", "UnspecifiedFlowError", "MissingResult", "ScriptError", "ParameterTypeError", "ParameterBindError", "SignatureMismatchError", "ObjectNotFound", "ObjectAlreadyExists", "UpstreamTaskError", "MissingContextError", "MissingProfileError", "ReservedArgumentError", "InvalidNameError", "HeadraceSignal", "Abort", "Pause", "ExternalSignal", "TerminationSignal", "HeadraceHTTPStatusError", "MappingLengthMismatch", "MappingMissingIterable", "BlockMissingCapabilities", "ProtectedBlockError", "InvalidRepositoryURLError", "InfrastructureError", "InfrastructureNotFound", "InfrastructureNotAvailable", "NotPausedError", "FlowPauseTimeout", "FlowRunWaitTimeout", "HeadraceImportError", "SerializationError", "ConfigurationError", "ProfileSettingsValidationError", "HashError", "TransactionError" if False else "RollBack"]
for name in names:
    cls = getattr(e, name, None)
    print(name, cls and [base.__name__ for base in cls.__mro__[1:-1]])
