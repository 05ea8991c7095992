from typing import Literal, Optional, Set

from headrace import flow


@flow
def main(level: Literal["low", "high"] = "low", ids: Set[int] = frozenset(), ratio: Optional[float] = None):
    return level, sorted(ids), ratio


print(main(), main("high", ["2", 1, 1], "0.5"))
for arguments in ({"level": "mid"}, {"ids": ["x"]}, {"ratio": "x"}):
    try:
        main(**arguments)
    except Exception as exc:
        print(exc)
