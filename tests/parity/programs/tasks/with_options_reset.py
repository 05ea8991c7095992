from headrace import flow, task


@task(retries=4, retry_delay_seconds=3, persist_result=True, refresh_cache=True)
def t():
    pass


u = t.with_options(retries=0, retry_delay_seconds=0, persist_result=False, refresh_cache=False)
print(u.retries, u.retry_delay_seconds, u.persist_result, u.refresh_cache)
try:
    t.with_options(nope=3)
except TypeError as exc:
    print("TypeError")


@flow(retries=2, version="a")
def f():
    pass


g = f.with_options(name="G", version="b", description="d", retries=0)
print(g.name, g.version, g.description, g.retries, f.name, f.version)
