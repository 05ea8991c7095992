from headrace import flow
from headrace.assets import Asset, AssetProperties, materialize

data = Asset(key="s3://parity/data.csv", properties=AssetProperties(name="Data", description="d"))


@materialize(data)
def make():
    return [1, 2]


@materialize("s3://parity/out.csv", by="tool")
def use(rows):
    return len(rows)


@flow
def main():
    return use(make())


print(main())
print(data.key, data.properties.name, type(make).__name__, make.name)
try:
    Asset(key="no-scheme")
except Exception as exc:
    print(type(exc).__name__)
