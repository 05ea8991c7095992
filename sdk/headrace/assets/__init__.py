"""Assets: the data that tasks make, named by an address, so that its making can be followed.

    @materialize("s3://warehouse/orders.parquet")
    def load_orders(day: date) -> int: ...

Each run that completes emits the event `headrace.asset.materialization.succeeded` for its assets,
with the metadata that was added to them.
"""

from __future__ import annotations

from headrace.assets.core import Asset, AssetProperties, add_asset_metadata
from headrace.assets.materialize import MaterializingTask, materialize

__all__ = ["Asset", "AssetProperties", "MaterializingTask", "add_asset_metadata", "materialize"]
