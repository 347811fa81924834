"""The connector's files under URLs that change with their content.

Owns `/livets/connector-HASH.js` and `/livets/mend-HASH.js`, its lazy half; both are of one build, so they have one
hash. The current hash may be kept for ever by browsers. A page of an older release gets the current connector for a
minute, but never the current other half, which would not fit what it already runs. Serves no other file. Called by the
ASGI server through `app`.
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

BUILT = Path(__file__).parents[1] / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"
_MISSING = b'console.error("livets: the connector was not built; run `make connector` in the checkout of livets");'


class Connector:
    """The ASGI endpoint of the browser runtime."""

    def __init__(self, folder: Path = BUILT, *, dev: bool = False, json: bool = False) -> None:
        self._paths = {
            "connector": folder / ("connector-json.js" if json else "connector.js"),
            "mend": folder / "mend.js",
        }
        self._dev = dev
        self._stamps: list[int] = []
        self._hash = ""
        self._plain: dict[str, bytes] = {}
        self._gzip: dict[str, bytes] = {}

    def url(self) -> str:
        """Path of the current file, below the application's mount point."""
        self._load()
        return f"/livets/connector-{self._hash}.js"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file."""
        self._load()
        file = scope["path"].rpartition("/")[2]
        name, dash, rest = file.partition("-")
        is_current = file == f"{name}-{self._hash}.js"
        if name not in self._paths or not (is_current or (name == "connector" and dash and rest.endswith(".js"))):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        headers = {
            "Cache-Control": _FOR_EVER if is_current else _FOR_A_MINUTE,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        body = self._plain[name]
        if "gzip" in (header(scope, b"accept-encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = self._gzip[name]
        await Response(body, media_type="text/javascript", headers=headers)(scope, receive, send)

    def _load(self) -> None:
        """Read the files once; in development again whenever one has changed."""
        if self._plain and not self._dev:
            return
        stamps = [path.stat().st_mtime_ns if path.exists() else 0 for path in self._paths.values()]
        if stamps == self._stamps:
            return
        self._stamps = stamps
        for (name, path), stamp in zip(self._paths.items(), stamps, strict=True):
            self._plain[name] = path.read_bytes() if stamp else _MISSING
            if not stamp:
                logger.error("%s is missing: pages will not come alive; run `make connector`", path)
            self._gzip[name] = gzip.compress(self._plain[name], mtime=0)
        self._hash = hashlib.blake2b(b"\0".join(self._plain.values()), digest_size=8).hexdigest()
