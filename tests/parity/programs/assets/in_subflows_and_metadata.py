from headrace import flow, task
from headrace.assets import Asset, AssetProperties, materialize

table = Asset(key="postgres://db/table", properties=AssetProperties(name="Table", description="d", owners=["me"]))


@materialize(table)
def build(n):
    return n


@materialize("s3://bucket/a.csv", "s3://bucket/b.csv")
async def two():
    return "both"


@flow
async def child():
    return await two()


@flow
async def main():
    return build(1), await child(), build.submit(2).result()


import asyncio

print(asyncio.run(main()))
print(table.key, table.properties.name, table.properties.owners, [a.key for a in build.assets])
