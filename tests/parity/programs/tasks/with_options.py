from headrace import task


@task(name="base", retries=1, tags=["x"], log_prints=True)
def base(a):
    return a


other = base.with_options(name="other", retries=5, timeout_seconds=3)
again = other.with_options(tags=["y", "z"])
print(base.name, base.retries, base.timeout_seconds)
print(other.name, other.retries, other.timeout_seconds, other.tags, other.log_prints)
print(again.name, again.retries, sorted(again.tags))
print(again(9), other is base, other.fn is base.fn)
