"""The application's own files, under URLs that change with their content.

Owns `/static/style.HASH.css`: which file that is, how long it may be kept, and its compressed form. Files outside
of the directory cannot be reached (Starlette's own check). A URL with the current hash may be kept for ever; without
one, or with that of an older release, browsers ask each time and mostly hear that nothing has changed. Called by the
ASGI server through `app`, and by templates as `static(name)`.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from livets.errors import NavigationError

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "public, no-cache"
_HASHED: Final = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{12})(?P<suffix>\.[^./]+)?")
_TEXTS: Final = re.compile(r"text/|application/(javascript|json|manifest\+json|xml|wasm)|image/svg\+xml|font/(ttf|otf)")
_GZIP_MIN_BYTES: Final = 500
_GZIP_MAX_BYTES: Final = 4 * 1024 * 1024
_GZIP_KEPT_BYTES: Final = 32 * 1024 * 1024


class _File(NamedTuple):
    stamp: tuple[int, int]
    hash: str


class Assets(StaticFiles):
    """The ASGI endpoint of one directory, and the URLs of its files."""

    def __init__(self, directory: Path, *, path: str = "/static", dev: bool = False) -> None:
        """`path`: where it is mounted. `dev`: files change while we run, so each is looked at every time."""
        super().__init__(directory=directory)
        self._root = directory
        self._path = path
        self._dev = dev
        self._files: dict[str, _File] = {}
        self._urls: dict[str, str] = {}
        self._gzip: dict[str, bytes] = {}

    def url(self, name: str) -> str:
        """Path of a file below the application's mount point, with the hash of its content.

        Raises NavigationError when there is no such file.
        """
        if not self._dev and name in self._urls:
            return self._urls[name]
        full, stat = self.lookup_path(os.path.normpath(name.lstrip("/")))
        if stat is None or not os.path.isfile(full):
            raise NavigationError(f"static({name!r}): there is no such file in {self._root.resolve()}")
        stem, dot, suffix = name.lstrip("/").rpartition(".")
        hashed = self._hash(full, stat)
        named = f"{stem}.{hashed}.{suffix}" if dot and "/" not in suffix else f"{name.lstrip('/')}.{hashed}"
        url = self._urls[name] = f"{self._path}/{named}"
        return url

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The answer to GET and HEAD; raises HTTPException 404, 405."""
        name, wanted = path, ""
        found = _HASHED.fullmatch(path)
        if found and self.lookup_path(path)[1] is None:
            name, wanted = found["stem"] + (found["suffix"] or ""), found["hash"]
        if any(part.startswith(".") for part in Path(name).parts if part != "."):
            raise HTTPException(404)
        response = await super().get_response(name, scope)
        if not isinstance(response, FileResponse) or response.stat_result is None:
            return response
        return self._finished(response, response.stat_result, wanted, Headers(scope=scope))

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file as it is; whether it has changed is decided by its hash, afterwards."""
        return FileResponse(full_path, status_code=status_code, stat_result=stat_result)

    def _finished(self, response: FileResponse, stat: os.stat_result, wanted: str, headers: Headers) -> Response:
        full, kind = str(response.path), response.media_type or ""
        current = self._hash(full, stat)
        answer: Response = response
        etag = f'"{current}"'
        if _TEXTS.match(kind) and _GZIP_MIN_BYTES <= stat.st_size <= _GZIP_MAX_BYTES:
            response.headers["Vary"] = "Accept-Encoding"
            if "gzip" in headers.get("accept-encoding", "") and "range" not in headers:
                answer, etag = Response(self._compressed(full, current), media_type=kind), f'"{current}-gzip"'
                answer.headers.update({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
        answer.headers["ETag"] = etag
        answer.headers["Cache-Control"] = _FOR_EVER if wanted == current else _ASK
        answer.headers["X-Content-Type-Options"] = "nosniff"
        known = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
        return NotModifiedResponse(answer.headers) if known & {etag, "*"} else answer

    def _hash(self, full: str, stat: os.stat_result) -> str:
        stamp = (stat.st_mtime_ns, stat.st_size)
        found = self._files.get(full)
        if found is None or found.stamp != stamp:
            with open(full, "rb") as file:
                digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=6))
            found = self._files[full] = _File(stamp, digest.hexdigest())
        return found.hash

    def _compressed(self, full: str, hashed: str) -> bytes:
        body = self._gzip.get(hashed)
        if body is None:
            body = gzip.compress(Path(full).read_bytes(), mtime=0)
            if sum(map(len, self._gzip.values())) > _GZIP_KEPT_BYTES:
                self._gzip.clear()
            self._gzip[hashed] = body
        return body


# Browsers refuse a module whose type is the "text/plain" that some systems call it.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
