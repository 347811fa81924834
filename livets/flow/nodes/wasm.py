"""wasm.call: calls a function of a WebAssembly module, within fuel, memory and time."""

from __future__ import annotations

import base64
import binascii
import importlib.util
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import MissingExtra, NodeError
from livets.engine.node import Node
from livets.engine.sandbox.limits import Limits
from livets.flow.nodes.json_stringify import as_json


class Wasm(Node):
    """Calls `function` of a WebAssembly module with `arguments`, in wasmtime, in a process of its own.

    `module` names a granted one; `source` is one in the workflow, as text (WAT) or base64. With the interface "numbers"
    arguments and results are numbers (i32, i64, f32, f64). With "json" the module exports `memory` and `alloc(size)`;
    the function takes address and length of the arguments as JSON, and returns `address << 32 | length` of its result.
    With "wasi" (which must be granted) the module is a program: JSON on its standard input, JSON on its output; it has
    clocks and random numbers, and no file. `fuel` is about the number of instructions. Needs `livets[wasm]`.
    """

    type = "wasm.call"

    class Config(msgspec.Struct):
        module: str = ""
        source: str = ""
        function: str = "main"
        interface: Literal["numbers", "json", "wasi"] = "numbers"
        fuel: int = 1_000_000_000
        memory_mb: int = 64
        limits: Limits | None = None

        def __post_init__(self) -> None:
            if bool(self.module) == bool(self.source):
                raise ValueError("give module (a granted name) or source, one of the two")
            if self.fuel < 1 or self.memory_mb < 1:
                raise ValueError("fuel and memory_mb are 1 or more")

    class Inputs(msgspec.Struct):
        arguments: Any = []

    class Outputs(msgspec.Struct):
        out: Any

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        if importlib.util.find_spec("wasmtime") is None:
            raise MissingExtra("wasm.call", "wasmtime", "wasm")
        if config.interface == "wasi" and not self.grants.wasi:
            raise NodeError("no WASI is granted: Grants(wasi=True)", "forbidden", retryable=False)
        module = self.grants.wasm_module(config.module) if config.module else _module_of(config.source)
        job = {
            "function": config.function,
            "interface": config.interface,
            "fuel": config.fuel,
            "memory_bytes": config.memory_mb << 20,
            "arguments": as_json(ctx.inputs["arguments"]),
        }
        value, _ = await self.grants.sandbox.call("wasm", job, module, limits=config.limits)
        return value


def _module_of(source: str) -> bytes:
    """WAT as it is, base64 decoded."""
    if source.lstrip().startswith(("(", ";")):
        return source.encode()
    try:
        return base64.b64decode(source, validate=True)
    except (binascii.Error, ValueError):
        raise NodeError("source is neither WAT nor base64", "config", retryable=False) from None
