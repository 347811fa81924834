"""The browser's files under URLs that change with their content.

Owns `/livets/connector-HASH.js`, the modules that pages load only when they need them (`/livets/NAME-HASH.js`, built
from connector/src/extras) and style sheets; all are of one build, so they have one hash. The current hash may be kept
for ever by browsers. A page of an older release gets the current connector for a minute, but never a current module,
which might not fit what it already runs. Serves no other file. Called by the ASGI server through `app`.
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
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_DEVELOPMENT = frozenset(["dev.js"])
"""What production does not serve."""
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"
_MISSING = b'console.error("livets: the connector was not built; run `make connector` in the checkout of livets");'


class Connector:
    """The ASGI endpoint of the browser runtime."""

    def __init__(self, folder: Path = BUILT, *, dev: bool = False, json: bool = False) -> None:
        self._folder = folder
        self._connector = folder / ("connector-json.js" if json else "connector.js")
        self._dev = dev
        self._stamps: dict[Path, int] = {}
        self._hash = ""
        self._plain: dict[str, bytes] = {}
        self._gzip: dict[str, bytes] = {}

    def url(self, file: str = "connector.js") -> str:
        """Path of the current `file` (`connector.js`, `dev.js`, `livets.css`, …), below the application's mount point.

        >>> Connector().url().startswith("/livets/connector-")
        True
        """
        self._load()
        name, _, suffix = file.rpartition(".")
        return f"/livets/{name}-{self._hash}.{suffix}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file."""
        self._load()
        path = Path(scope["path"].rpartition("/")[2])
        name, dash, stamp = path.stem.rpartition("-")
        file = name + path.suffix
        is_current = stamp == self._hash
        if file not in self._plain or not (is_current or (file == "connector.js" and dash)):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        headers = {
            "Cache-Control": _FOR_EVER if is_current else _FOR_A_MINUTE,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        body = self._plain[file]
        if "gzip" in (header(scope, b"accept-encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = self._gzip[file]
        await Response(body, media_type=_TYPES[path.suffix], headers=headers)(scope, receive, send)

    def _load(self) -> None:
        """Read the files once; in development again whenever one has changed, come or gone."""
        if self._plain and not self._dev:
            return
        paths = [path for path in sorted(self._folder.glob("*.*")) if path.suffix in _TYPES]
        if not self._dev:
            paths = [path for path in paths if path.name not in _DEVELOPMENT]
        stamps = {path: path.stat().st_mtime_ns for path in paths}
        if self._plain and stamps == self._stamps:
            return
        self._stamps = stamps
        self._plain = {path.name: path.read_bytes() for path in paths if not path.name.startswith("connector")}
        if self._connector in stamps:
            self._plain["connector.js"] = self._connector.read_bytes()
        else:
            self._plain["connector.js"] = _MISSING
            logger.error("%s is missing: pages will not come alive; run `make connector`", self._connector)
        self._gzip = {name: gzip.compress(body, mtime=0) for name, body in self._plain.items()}
        self._hash = hashlib.blake2b(b"\0".join(self._plain.values()), digest_size=8).hexdigest()
