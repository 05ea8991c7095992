"""Results kept for later: for a cached call, for another process, for whoever asks.

    store = get_result_store()
    store.write({"rows": 3}, key="report")
    store.read("report").result

A pickle runs code when it is read, so a storage must be as trustworthy as the code that reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.lazy import attributes

if TYPE_CHECKING:
    from headrace.results.records import ResultRecord as ResultRecord
    from headrace.results.records import ResultRecordMetadata as ResultRecordMetadata
    from headrace.results.storages import ResultStorage as ResultStorage
    from headrace.results.storages import get_default_result_storage as get_default_result_storage
    from headrace.results.storages import resolve_result_storage as resolve_result_storage
    from headrace.results.store import ResultSerializer as ResultSerializer
    from headrace.results.store import ResultStore as ResultStore
    from headrace.results.store import get_default_persist_setting as get_default_persist_setting
    from headrace.results.store import (
        get_default_persist_setting_for_tasks as get_default_persist_setting_for_tasks,
    )
    from headrace.results.store import (
        get_default_result_serializer as get_default_result_serializer,
    )
    from headrace.results.store import get_result_store as get_result_store
    from headrace.results.store import read_kept as read_kept
    from headrace.results.store import should_persist_result as should_persist_result
    from headrace.results.store import store_of as store_of
    from headrace.serializers import resolve_serializer as resolve_serializer

#: What is slow to load, since it loads pydantic, and where it is.
_HOMES = {
    "ResultRecord": "records",
    "ResultRecordMetadata": "records",
    "ResultSerializer": "store",
    "ResultStorage": "storages",
    "ResultStore": "store",
    "get_default_persist_setting": "store",
    "get_default_persist_setting_for_tasks": "store",
    "get_default_result_serializer": "store",
    "get_default_result_storage": "storages",
    "get_result_store": "store",
    "read_kept": "store",
    "resolve_result_storage": "storages",
    "resolve_serializer": "store",
    "should_persist_result": "store",
    "store_of": "store",
}

__all__ = [
    "ResultRecord",
    "ResultRecordMetadata",
    "ResultSerializer",
    "ResultStorage",
    "ResultStore",
    "get_default_persist_setting",
    "get_default_persist_setting_for_tasks",
    "get_default_result_serializer",
    "get_default_result_storage",
    "get_result_store",
    "read_kept",
    "resolve_result_storage",
    "resolve_serializer",
    "should_persist_result",
    "store_of",
]

__getattr__ = attributes(__name__, _HOMES)
