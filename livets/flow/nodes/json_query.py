"""transform.query: takes a value apart with a JMESPath expression."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import MissingExtra, NodeError
from livets.engine.node import Node
from livets.flow.nodes.json_stringify import as_json

MAX_CHARACTERS = 4_000


class JsonQuery(Node):
    """Gives what the JMESPath `expression` finds in `value` (null when it finds nothing; see jmespath.org).

    `required` makes finding nothing a failure of the kind "missing".
    """

    type = "transform.query"

    class Config(msgspec.Struct):
        expression: str
        required: bool = False

        def __post_init__(self) -> None:
            if len(self.expression) > MAX_CHARACTERS:
                raise ValueError(f"an expression may have {MAX_CHARACTERS} characters")

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: Any

    async def initialize(self) -> None:
        self._search = compiled(self.config.expression)

    async def execute(self, ctx: NodeContext) -> Any:
        found = find(self._search, as_json(ctx.inputs["value"]))
        if found is None and self.config.required:
            raise NodeError(f"{self.config.expression!r:.100} finds nothing", "missing", retryable=False)
        return found


@functools.lru_cache(256)
def compiled(expression: str) -> Any:
    """Return the parsed expression; raises NodeError saying where it is wrong."""
    try:
        import jmespath
    except ImportError as error:
        raise MissingExtra("transform.query", "jmespath", "flow") from error
    try:
        return jmespath.compile(expression)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise NodeError(f"{expression!r:.100} is no JMESPath: {error}", "config", retryable=False) from None


def find(search: Any, value: Any) -> Any:
    """Return what a parsed expression finds; raises NodeError when a function of it does not fit the value."""
    from jmespath.exceptions import JMESPathError

    try:
        return search.search(value)
    except (JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise NodeError(f"the query cannot be answered: {error}", "query", retryable=False) from None
