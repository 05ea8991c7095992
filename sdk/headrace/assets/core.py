"""What an asset is, and what a running task says of it."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pydantic

from headrace.context import LiveTaskRun

#: Characters of a key at most.
MAX_KEY = 512

_URI = re.compile(r"[a-z0-9]+://")
_NOT_IN_KEYS = "\n\r\t\0 #?&%\"'<>[]{}|\\^`"


def _checked_key(key: str) -> str:
    for character in _NOT_IN_KEYS:
        if character in key:
            raise ValueError(f"Asset key cannot contain {character!r}")
    if not _URI.match(key):
        raise ValueError("Key must be a valid URI, e.g. storage://bucket/folder/asset.csv")
    if len(key) > MAX_KEY:
        raise ValueError(f"Asset key cannot exceed {MAX_KEY} characters")
    return key


class AssetProperties(pydantic.BaseModel):
    """What there is to say of an asset: its name, where it is seen, what it holds, who cares."""

    name: str | None = None
    url: str | None = None
    description: str | None = None
    owners: list[str] | None = None


class Asset(pydantic.BaseModel):
    """Data that tasks make, known by its address: `storage://bucket/folder/asset.csv`."""

    model_config = pydantic.ConfigDict(frozen=True)

    key: Annotated[str, pydantic.AfterValidator(_checked_key)]
    properties: AssetProperties | None = None

    def add_metadata(self, metadata: dict[str, Any]) -> None:
        """Say something of the asset that the running task makes; see `add_asset_metadata`."""
        if _made_here() is None:
            raise RuntimeError("Unable add Asset metadata when not inside of an AssetContext")
        add_asset_metadata(self, metadata)

    def __repr__(self) -> str:
        return f"Asset(key={self.key!r})"

    def __hash__(self) -> int:
        return hash(self.key)


def _made_here() -> list[Asset] | None:
    """The assets that the task makes in which this code runs; None if it runs in none."""
    run = LiveTaskRun.get()
    return None if run is None else getattr(run.task, "assets", None)


def add_asset_metadata(asset: str | Asset, metadata: dict[str, Any]) -> None:
    """Say something of an asset that the running task makes; it goes along with its event.

    Args:
        asset: the asset, or its key.
        metadata: what JSON can hold, by name.

    Raises:
        RuntimeError: this code runs in no task made by `materialize`.
        ValueError: the task does not make that asset.
    """
    run, assets = LiveTaskRun.get(), _made_here()
    if run is None or assets is None:
        raise RuntimeError("Unable to call `add_asset_metadata` when not inside of an AssetContext")
    key = asset if isinstance(asset, str) else asset.key
    if key not in {made.key for made in assets}:
        raise ValueError("Can only add metadata to assets that are arguments to @materialize")
    if run.asset_metadata is None:
        run.asset_metadata = {}
    run.asset_metadata.setdefault(key, {}).update(metadata)
