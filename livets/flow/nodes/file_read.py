"""file.read: the content of a file below a granted folder."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.folders import reading


class FileRead(Node):
    """Reads the file `path` below the granted folder `root`, as text (UTF-8) or as bytes, up to `max_bytes`.

    Links are not followed and no path climbs out. A missing file fails with the kind "missing".
    """

    type = "file.read"

    class Config(msgspec.Struct):
        root: str
        form: Literal["text", "bytes"] = "text"
        max_bytes: int = 64_000_000

    class Inputs(msgspec.Struct):
        path: str

    class Outputs(msgspec.Struct):
        out: str | bytes

    async def execute(self, ctx: NodeContext) -> Any:
        folder = self.grants.file_root(self.config.root).folder
        data = await asyncio.to_thread(_read, folder, ctx.inputs["path"], self.config.max_bytes)
        if self.config.form == "bytes":
            return data
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise NodeError(f"{ctx.inputs['path']!r} is no UTF-8: {error}", "text", retryable=False) from None


def _read(folder: Any, path: str, max_bytes: int) -> bytes:
    with reading(folder, path) as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise NodeError(f"{path!r} has more than {max_bytes} bytes: raise max_bytes", "limit", retryable=False)
    return data
