"""transform.hash: a digest of a value."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.encoding import canonical
from livets.engine.node import Node


class Hash(Node):
    """Gives the digest of `value` in hex: of Bytes and Strings (UTF-8) themselves, else of its canonical form.

    With `secret`, the name of a granted secret, it is an HMAC. md5 and sha1 are there for old systems only.
    """

    type = "transform.hash"

    class Config(msgspec.Struct):
        algorithm: Literal["sha256", "sha512", "sha3_256", "blake2b", "sha1", "md5"] = "sha256"
        secret: str = ""

    class Inputs(msgspec.Struct):
        value: Any

    class Outputs(msgspec.Struct):
        out: str

    async def execute(self, ctx: NodeContext) -> Any:
        value = ctx.inputs["value"]
        data = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else canonical(value)
        if self.config.secret:
            key = self.grants.secret(self.config.secret).encode()
            return hmac.new(key, data, self.config.algorithm).hexdigest()
        return hashlib.new(self.config.algorithm, data, usedforsecurity=False).hexdigest()
