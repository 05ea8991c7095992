import datetime
from typing import List, Optional, Union

from headrace import flow


@flow
def typed(a: int, b: float, c: List[int], d: Optional[str] = None, e: Union[int, str] = "q", f: bool = False):
    print(repr((a, b, c, d, e, f)))


@flow
def dates(day: datetime.date, when: datetime.datetime, delta: datetime.timedelta):
    print(day, when, delta)


typed("1", "2.5", ["3", 4])
typed(1, 2, (5, 6), d="x", e=7, f="true")
dates("2024-01-02", "2024-01-02T03:04:05", "PT5M")
