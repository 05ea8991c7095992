"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell that starts `make test` in the background has it ignore Ctrl-C, and what we start would
# inherit that; the tests that interrupt their processes need the ordinary way.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
