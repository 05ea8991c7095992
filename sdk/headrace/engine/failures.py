"""What a flow failed with, kept for whoever asks for its result elsewhere.

That is so for every flow, also where results are not kept. Then it is written here, without the
storages and serializers of results: to load them takes longer than a short flow does.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

if TYPE_CHECKING:
    from headrace.context import LiveFlowRun


def keep_failure(run: LiveFlowRun, error: Exception) -> str | None:
    """Write an exception into the folder of results, in the form that `PickleSerializer` reads.

    Returns:
        Where it is, as `State.kept` tells it; None if it cannot be written, which takes nothing
        from the run: its message tells what happened.
    """
    import cloudpickle  # type: ignore[import-untyped]  # slow to load

    from headrace.files import write_whole

    file = run.environment.settings.storage_path.absolute() / uuid4().hex
    try:
        write_whole(file, base64.encodebytes(cloudpickle.dumps(error)))
    except Exception:  # pickling runs the code of any class; disks fill up
        return None
    reference = {"storage_key": str(file), "serializer": {"type": "pickle"}}
    return msgspec.json.encode(reference).decode()
