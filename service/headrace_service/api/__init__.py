"""The GraphQL side of the service: thin, without SQL."""

import sys
import threading

# Strawberry puts its own in their place, and those of a script that records here would be lost.
_hooks = sys.excepthook, threading.excepthook
import strawberry.exceptions  # noqa: E402, F401

sys.excepthook, threading.excepthook = _hooks
