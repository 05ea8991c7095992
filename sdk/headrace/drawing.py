"""Drawing a flow: its body runs, and its tasks and subflows are noted down instead of being run.

What a noted call returns stands for its result: passed to another call, it makes an edge. A task
that has a `viz_return_value` returns that, for flows that look into the results of their tasks.
"""

from __future__ import annotations

import contextlib
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from headrace.exceptions import VisualizationUnsupportedError
from headrace.nesting import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from headrace.definitions import Definition
    from headrace.flows import Flow


class Node:
    """A noted call; it stands for its result, and for its future.

    Attributes:
        name: the task's name and the number of the call, such as "fetch-0".
        upstream: the calls whose results went into it.
    """

    def __init__(self, name: str, upstream: list[Node], returned: object) -> None:
        self.name = name
        self.upstream = upstream
        self._returned = self if returned is None else returned

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> object:
        """What stands for the result."""
        return self._returned

    def wait(self, timeout: float | None = None) -> None:
        """Nothing is to be waited for."""


class Drawing:
    """The calls of one flow, noted down."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._counts: dict[str, int] = {}
        #: By the identity of values that stand for results: the value, and whose result it is.
        self._sources: dict[int, tuple[object, Node]] = {}

    def call(
        self, definition: Definition, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Any:
        """Note a call; what stands for its result, or a coroutine that gives it."""
        result = self.submit(definition, args, kwargs).result()
        return _give(result) if definition.isasync else result

    def submit(
        self, definition: Definition, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Node:
        """Note a call; what stands for its future."""
        options = {name: kwargs[name] for name in definition.reserved if name in kwargs}
        own = {name: value for name, value in kwargs.items() if name not in options}
        parameters = definition.shape.bind(args, own)
        upstream: dict[Node, None] = {}

        def note(value: object) -> object:
            source = value if isinstance(value, Node) else self._source_of(value)
            if source is not None:
                upstream[source] = None
            return value

        replace([list(parameters.values()), options.get("wait_for")], note)
        number = self._counts.get(definition.name, 0)
        self._counts[definition.name] = number + 1
        returned = getattr(definition, "viz_return_value", None)
        node = Node(f"{definition.name}-{number}", list(upstream), returned)
        self.nodes.append(node)
        if returned is not None:
            self._sources[id(returned)] = (returned, node)
        return node

    def mermaid(self) -> str:
        """The graph as text that Mermaid draws."""
        ids = {node: re.sub(r"\W", "_", node.name) for node in self.nodes}
        lines = [f'    {ids[node]}["{node.name}"]' for node in self.nodes]
        lines += [
            f"    {ids[source]} --> {ids[node]}" for node in self.nodes for source in node.upstream
        ]
        return "\n".join(["flowchart TD", *lines])

    def _source_of(self, value: object) -> Node | None:
        _, node = self._sources.get(id(value), (None, None))
        return node


#: The drawing that calls are noted in, where a flow is being drawn.
CURRENT_DRAWING: ContextVar[Drawing | None] = ContextVar("headrace_current_drawing", default=None)


def refuse_drawing(what: str) -> None:
    """See to it that a call that cannot be noted is not made while a flow is drawn.

    Raises:
        VisualizationUnsupportedError: a flow is being drawn.
    """
    if CURRENT_DRAWING.get() is not None:
        raise VisualizationUnsupportedError(
            f"`{what}` is not currently supported by `flow.visualize()`"
        )


@contextlib.contextmanager
def drawing(flow: Flow[..., Any]) -> Iterator[Drawing]:
    """Note down the calls that are made within, by the body of `flow`.

    Raises:
        VisualizationUnsupportedError: one of them cannot be drawn.
        Exception: what the body raised, with a note that tells the likely reason.
    """
    drawn = Drawing()
    token = CURRENT_DRAWING.set(drawn)
    try:
        yield drawn
    except VisualizationUnsupportedError:
        raise
    except Exception as error:
        error.add_note(
            f"Drawing flow '{flow.name}' runs its body but not its tasks. If the body uses what a "
            "task returns, tell what to use: @task(viz_return_value=[1, 2, 3])."
        )
        raise
    finally:
        CURRENT_DRAWING.reset(token)


async def _give(value: object) -> object:
    return value
