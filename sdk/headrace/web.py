"""httpx, without its command line, which loads rich, pygments and click: as much again as itself.

It is slow to load even so: whoever needs it imports this where it is first needed.
"""

from __future__ import annotations

from headrace.omitting import without

with without("httpx._main"):
    import httpx as httpx
