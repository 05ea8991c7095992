from datetime import date
from typing import Any, Dict, Optional, Tuple, Union

from headrace import flow


@flow
def f(a: Optional[int] = None, b: Union[int, None, str] = None, c: Any = 5, d: Dict[str, int] = {}, e: Tuple[int, str] = (1, "x")):
    print(repr((a, b, c, d, e)))


f()
f("3", "3", "3", {"k": "4"}, ["7", "y"])
f(None, None, None)
for arguments in ({"a": "x"}, {"d": {"k": "v"}}, {"e": (1,)}):
    try:
        f(**arguments)
    except Exception as exc:
        print(exc)
