"""For tests of your own flows: a ledger to throw away, and time that passes at once.

    from headrace.testing import headrace_test_harness, virtual_time

    def test_it_gives_up_after_three_retries():
        with headrace_test_harness(), virtual_time() as clock:
            state = pipeline(return_state=True)
        assert state.is_failed()
        assert clock.slept == [600, 600, 600]

With pytest, `pytest_plugins = ["headrace.testing.fixtures"]` in a conftest.py brings the fixtures
`headrace_ledger` and `headrace_clock`, which do the same.
"""

from __future__ import annotations

from headrace.testing.clock import VirtualClock, virtual_time
from headrace.testing.utilities import headrace_test_harness

__all__ = ["VirtualClock", "headrace_test_harness", "virtual_time"]
