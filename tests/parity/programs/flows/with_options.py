from headrace import flow


@flow(name="base", retries=1, log_prints=True)
def base(n: int):
    return n


copy = base.with_options(name="copy", retries=3, validate_parameters=False, timeout_seconds=9)
print(copy.name, copy.retries, copy.should_validate_parameters, copy.timeout_seconds, copy.log_prints)
print(base.name, base.retries, base.should_validate_parameters)
print(repr(copy("2")), repr(base("2")))
