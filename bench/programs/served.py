"""A served deployment whose runs do next to nothing: `served.py LIMIT`.

Each run writes when its first line was reached (seconds since 1970) to the file that it is given.
"""

import sys
import time
from pathlib import Path

from headrace import flow


@flow
def trivial(began: str) -> None:
    at = time.time()
    Path(began).write_text(repr(at), encoding="ascii")


if __name__ == "__main__":
    trivial.serve(name="bench", limit=int(sys.argv[1]), print_starting_message=False)
