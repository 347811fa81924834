"""python.function: calls a function that the program has granted."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node


class Function(Node):
    """Calls the granted function `name` with the object `arguments` as keyword arguments and gives what it returns.

    Only functions in Grants(functions={...}) can be called, whatever a workflow names. One that is not asynchronous
    runs in a thread; a cancelled one goes on there unheard, unless it takes `ctx` and looks at `ctx.cancel`.
    """

    type = "python.function"

    class Config(msgspec.Struct):
        name: str

    class Inputs(msgspec.Struct):
        arguments: dict[str, Any] = {}

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        function = self.grants.function(self.config.name)
        arguments = dict(ctx.inputs["arguments"])
        signature = inspect.signature(function)
        if "ctx" in signature.parameters:
            arguments["ctx"] = ctx
        try:
            signature.bind(**arguments)
        except TypeError as error:
            raise NodeError(f"{self.config.name}: {error}", "input", retryable=False) from None
        if inspect.iscoroutinefunction(function):
            return await function(**arguments)
        result = await asyncio.to_thread(_plain, function, arguments)
        return await result if inspect.isawaitable(result) else result


def _plain(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What the thread does. A StopIteration cannot leave it: its future would never be done, and the node never end."""
    try:
        return function(**arguments)
    except StopIteration as error:
        raise RuntimeError("the function raised StopIteration; next() takes a second argument for the end") from error
