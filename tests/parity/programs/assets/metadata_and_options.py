"""Assets."""
from headrace import flow, task
from headrace.assets import Asset, AssetProperties, materialize, add_asset_metadata
a = Asset(key="s3://bucket/a.csv", properties=AssetProperties(name="A", description="the a", owners=["me"], url="https://x"))
print(a, a.key, a.properties.name, str(a), repr(Asset(key="x://y")))
print(a.model_dump())
for k in ("nope", "S3://x", "s3://a b", "s3://" + "x" * 600, "", "s3://a#b"):
    try:
        print(Asset(key=k).key[:20])
    except ValueError as e:
        print(e.errors()[0]["msg"])
@materialize(a, by="pandas")
def make():
    a.add_metadata({"rows": 3})
    add_asset_metadata("s3://bucket/a.csv", {"cols": 2})
    return 7
@materialize("s3://bucket/b.csv", asset_deps=["s3://bucket/raw.csv"], retries=1, tags=["x"])
def make_b(x):
    return x + 1
@materialize("s3://b/1", "s3://b/2")
def two():
    try:
        add_asset_metadata("s3://other", {})
    except Exception as e:
        print(type(e).__name__, e)
    return 1
print(type(make).__name__, make.name, [x.key for x in make.assets], make.materialized_by, make_b.retries, sorted(make_b.tags), [x.key for x in make_b.asset_deps])
@task(asset_deps=["s3://bucket/up.csv"])
def t(): return 1
@flow
def f():
    return make_b(make()), two(), t()
print(f())
print([getattr(x, "key", x) for x in t.asset_deps])
m = make.with_options(assets=["s3://new/x"])
print([x.key for x in m.assets], type(m).__name__)
for bad in (lambda: materialize()(lambda: 1), lambda: materialize("bad")(lambda: 1), lambda: a.add_metadata({})):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, str(e).splitlines()[0])
