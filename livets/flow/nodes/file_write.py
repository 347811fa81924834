"""file.write: a value into a file below a granted folder."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.node import Node
from livets.flow.folders import writing


class FileWrite(Node):
    """Writes `content` (text or bytes) to `path` below the granted, writable folder `root`, making folders as needed.

    `mode: replace` puts the whole file there in one step, so that no reader sees half of it; `append` adds to its end
    (again, should the run be killed right then: only replacing can be repeated without a trace).
    """

    type = "file.write"

    class Config(msgspec.Struct):
        root: str
        mode: Literal["replace", "append"] = "replace"

    class Inputs(msgspec.Struct):
        path: str
        content: str | bytes

    class Outputs(msgspec.Struct):
        path: str
        size: int

    async def execute(self, ctx: NodeContext) -> Any:
        folder = self.grants.file_root(self.config.root, write=True).folder
        content = ctx.inputs["content"]
        data = content.encode() if isinstance(content, str) else content
        await asyncio.to_thread(_write, folder, ctx.inputs["path"], data, self.config.mode == "append")
        return {"path": ctx.inputs["path"], "size": len(data)}


def _write(folder: Any, path: str, data: bytes, append: bool) -> None:
    with writing(folder, path, append=append) as file:
        file.write(data)
