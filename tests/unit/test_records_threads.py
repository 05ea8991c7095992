"""Structs of the wire are read by many threads at once, from the first time on."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading, uuid
sys.setswitchinterval(1e-6)
import msgspec
from headrace.records import SlotHolder, SlotRequest

together = threading.Barrier(16)
request = SlotRequest(uuid.uuid4(), ["db"], SlotHolder("mill", 1))
written = msgspec.json.encode(request)

def read():
    together.wait()
    assert msgspec.json.decode(written, type=SlotRequest) == request

threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_read_a_struct_for_the_first_time_do_not_end_the_process() -> None:
    # Without care one in eight such processes ends by a fault of memory.
    for _ in range(3):
        subprocess.run([sys.executable, "-c", PROGRAM], check=True)
