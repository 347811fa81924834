"""The connector's file under a URL that changes with its content.

Owns `/livets/connector-HASH.js`: the current hash may be kept for ever by browsers, any other one (a page of an older
release) gets the current file for a minute. Never serves any other file. Called by the ASGI server through `app`.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from livets.transport.origin import header

logger = logging.getLogger("livets.transport")

BUILT = Path(__file__).parents[1] / "static" / "connector.js"
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"
_MISSING = b'console.error("livets: the connector was not built; run `make connector` in the checkout of livets");'


class Connector:
    """The ASGI endpoint of the browser runtime."""

    def __init__(self, path: Path = BUILT, *, dev: bool = False) -> None:
        self._path = path
        self._dev = dev
        self._stamp = -1
        self._hash = ""
        self._plain = b""
        self._gzip = b""

    def url(self) -> str:
        """Path of the current file, below the application's mount point."""
        self._load()
        return f"/livets/connector-{self._hash}.js"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file."""
        self._load()
        name = scope["path"].rpartition("/")[2]
        if not (name.startswith("connector-") and name.endswith(".js")):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        is_current = name == f"connector-{self._hash}.js"
        headers = {
            "Cache-Control": _FOR_EVER if is_current else _FOR_A_MINUTE,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        body = self._plain
        if "gzip" in (header(scope, b"accept-encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = self._gzip
        await Response(body, media_type="text/javascript", headers=headers)(scope, receive, send)

    def _load(self) -> None:
        """Read the file once; in development again whenever it has changed."""
        if self._plain and not self._dev:
            return
        stamp = self._path.stat().st_mtime_ns if self._path.exists() else 0
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._plain = self._path.read_bytes() if stamp else _MISSING
        if not stamp:
            logger.error("%s is missing: pages will not come alive; run `make connector`", self._path)
        self._gzip = gzip.compress(self._plain, mtime=0)
        self._hash = hashlib.blake2b(self._plain, digest_size=8).hexdigest()
