from headrace import flow


@flow
def add(a: int, b: int = 2) -> int:
    """Adds."""
    return a + b


print(add(1), add(1, 5), add(b=1, a=1))
print(add.name, add.description, add.__name__, add.fn(4))
print(add.retries, add.timeout_seconds, add.log_prints, add.should_validate_parameters)
print(add.version is not None, type(add).__name__, add.isasync)
