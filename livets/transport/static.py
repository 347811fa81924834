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
import os
from functools import lru_cache
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from livets.transport.origin import header

logger = logging.getLogger("livets.transport")

BUILT = Path(__file__).parents[1] / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_SUFFIXES = tuple(_TYPES)
_BUILDS = 8
"""Builds that are kept: there is one, but where it is worked on."""
_DEVELOPMENT = frozenset(["dev.js"])
"""What production does not serve."""
_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_MINUTE = "public, max-age=60"
_MISSING = b'console.error("livets: the connector was not built; run `make connector` in the checkout of livets");'


class _Build:
    """The files of one build."""

    def __init__(self, plain: dict[str, bytes]) -> None:
        self.plain = plain
        self.hash = hashlib.blake2b(b"\0".join(plain.values()), digest_size=8).hexdigest()
        self._packed: dict[str, bytes] = {}

    def packed(self, file: str) -> bytes:
        """A file for a browser that takes gzip."""
        if file not in self._packed:
            self._packed[file] = gzip.compress(self.plain[file], mtime=0)
        return self._packed[file]


class Connector:
    """The ASGI endpoint of the browser runtime."""

    def __init__(self, folder: Path = BUILT, *, dev: bool = False, json: bool = False) -> None:
        self._folder = folder
        self._connector = "connector-json.js" if json else "connector.js"
        self._dev = dev
        self._build: _Build | None = None

    def url(self, file: str = "connector.js") -> str:
        """Path of the current `file` (`connector.js`, `dev.js`, `livets.css`, …), below the application's mount point.

        >>> Connector().url().startswith("/livets/connector-")
        True
        """
        return self.urls(file)[0]

    def urls(self, *files: str) -> list[str]:
        """Paths of several files of one build."""
        current = self._load().hash
        names = [file.rpartition(".") for file in files]
        return [f"/livets/{name}-{current}.{suffix}" for name, _, suffix in names]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the file."""
        build = self._load()
        path = Path(scope["path"].rpartition("/")[2])
        name, dash, stamp = path.stem.rpartition("-")
        file = name + path.suffix
        is_current = stamp == build.hash
        if file not in build.plain or not (is_current or (file == "connector.js" and dash)):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        headers = {
            "Cache-Control": _FOR_EVER if is_current else _FOR_A_MINUTE,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if "gzip" in (header(scope, b"accept-encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = build.packed(file)
        else:
            body = build.plain[file]
        await Response(body, media_type=_TYPES[path.suffix], headers=headers)(scope, receive, send)

    def _load(self) -> _Build:
        """The files, read once; in development again whenever one has changed, come or gone."""
        if self._build is not None and not self._dev:
            return self._build
        build = _read(self._folder, self._connector, _stamps(self._folder, with_dev=self._dev))
        if build is not self._build and build.plain["connector.js"] is _MISSING:
            where = self._folder / self._connector
            logger.error("%s is missing: pages will not come alive; run `make connector`", where)
        self._build = build
        return build


def _stamps(folder: Path, *, with_dev: bool) -> tuple[tuple[str, int], ...]:
    """The files that are served, and when each was written."""
    if not folder.is_dir():
        return ()
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(_SUFFIXES)]
    return tuple(sorted([each for each in found if with_dev or each[0] not in _DEVELOPMENT]))


@lru_cache(_BUILDS)
def _read(folder: Path, connector: str, stamps: tuple[tuple[str, int], ...]) -> _Build:
    """Once for all applications of a process, of which tests make many."""
    names = [name for name, _ in stamps]
    plain = {name: (folder / name).read_bytes() for name in names if not name.startswith("connector")}
    plain["connector.js"] = (folder / connector).read_bytes() if connector in names else _MISSING
    return _Build(plain)
