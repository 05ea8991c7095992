"""Events of your own: what happened, and to what, kept beside the runs that tell of it.

emit_event("order.shipped", resource={"headrace.resource.id": "order.4711"})
"""

from __future__ import annotations

from headrace.events.schemas.events import Event, RelatedResource, Resource
from headrace.events.utilities import emit_event

__all__ = ["Event", "RelatedResource", "Resource", "emit_event"]
