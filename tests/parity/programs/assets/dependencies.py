from headrace import flow, task
from headrace.assets import Asset, materialize

raw = Asset(key="file:///raw.csv")


@materialize(raw)
def load():
    return [1, 2]


@materialize("file:///clean.csv", asset_deps=[raw], by="dbt")
def clean(rows):
    return [r * 2 for r in rows]


@flow
def main():
    return clean(load())


print(main(), raw.key, type(load).__name__, type(clean).__name__)
for bad in ("no-scheme", "file:///a b", ""):
    try:
        Asset(key=bad)
        print("ok")
    except ValueError as error:
        print(type(error).__name__)
