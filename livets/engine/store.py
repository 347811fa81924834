"""The content store: bytes named by their SHA-256. Put once, read many times, published atomically as files.

What is put is written to a temporary file and renamed, so a killed writer leaves nothing half done under a name. `gc`
removes only what nobody pinned and what is older than its grace. Reads verify: a damaged object is an error, not data.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from livets.engine.errors import StoreError
from livets.engine.values import Blob, Json

LARGE_BYTES = 65_536
"""Bytes values of this size and more travel by reference."""
_HASH = re.compile(r"[0-9a-f]{64}")
_OWNER = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
Publish = Literal["copy", "hardlink", "symlink"]


class ContentStore:
    """Objects under `root`, by hash.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = ContentStore(folder)
    ...     blob = store.put(b"hello")
    ...     store.get(blob.hash)
    b'hello'
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self._temporary = self.root / "tmp"
        self._pins = self.root / "pins"
        for folder in (self.root, self._temporary, self._pins):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, data: bytes) -> Blob:
        """Keep `data` and return its reference; what is there already is only touched, so that gc spares it."""
        blob = Blob(hashlib.sha256(data).hexdigest(), len(data))
        path = self._path(blob.hash)
        try:
            os.utime(path)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._write(path, data)
        return blob

    def get(self, hash: str) -> bytes:
        """Return the object; raises StoreError when it is missing or damaged."""
        try:
            data = self._path(hash).read_bytes()
        except FileNotFoundError:
            raise StoreError(f"no object {hash} in {self.root}: it was never put there, or collected") from None
        if hashlib.sha256(data).hexdigest() != hash:
            raise StoreError(f"the object {hash} in {self.root} is damaged: delete it and put it again")
        return data

    def __contains__(self, hash: str) -> bool:
        return bool(_HASH.fullmatch(hash)) and self._path(hash).exists()

    def hashes(self) -> Iterable[str]:
        """Every object's hash, in no order."""
        for folder in self.root.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                if _HASH.fullmatch(path.name):
                    yield path.name

    def pin(self, hash: str, owner: str) -> None:
        """Keep the object for as long as `owner` (letters a-z, digits, . _ -) wants it."""
        if hash not in self:
            raise StoreError(f"no object {hash} to pin")
        folder = self._pins / self._owner(owner)
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / hash).touch(mode=0o600)

    def unpin(self, hash: str, owner: str) -> None:
        """`owner` needs the object no more; unknown pins are ignored."""
        (self._pins / self._owner(owner) / _hash(hash)).unlink(missing_ok=True)

    def gc(self, grace_seconds: float = 3600.0) -> int:
        """Remove what no one pinned and what was not put for `grace_seconds`; returns how many objects went."""
        pinned = {path.name for path in self._pins.glob("*/*")}
        limit = time.time() - grace_seconds
        removed = 0
        for hash_ in list(self.hashes()):
            with contextlib.suppress(FileNotFoundError):
                if hash_ not in pinned and self._path(hash_).stat().st_mtime <= limit:
                    self._path(hash_).unlink()
                    removed += 1
        for left in self._temporary.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if left.stat().st_mtime <= limit:
                    left.unlink()
        return removed

    def publish(self, hash: str, target: str | os.PathLike[str], how: Publish = "copy", *, force: bool = False) -> None:
        """Make the object appear at `target` in one step: whoever looks sees the old file or the new one, whole.

        Raises StoreError when `target` is a file that did not come from this store, unless `force`.
        """
        source, path = self._path(hash), Path(target)
        if hash not in self:
            raise StoreError(f"no object {hash} to publish")
        if not force and not self._ours(path):
            raise StoreError(f"{path} is a file that this store did not write: remove it, or publish with force")
        fresh = path.parent / f".{path.name}.{os.getpid()}.{time.monotonic_ns()}"
        try:
            if how == "copy":
                shutil.copyfile(source, fresh)
            elif how == "hardlink":
                os.link(source, fresh)
            else:
                os.symlink(source.resolve(), fresh)
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)

    def _ours(self, path: Path) -> bool:
        if path.is_symlink():
            return path.readlink().is_relative_to(self.root.resolve())
        if not path.exists():
            return True
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() in self

    def _path(self, hash: str) -> Path:
        return self.root / _hash(hash)[:2] / hash

    def _owner(self, owner: str) -> str:
        if not _OWNER.fullmatch(owner):
            raise StoreError(f"{owner!r} is no owner's name: a-z, 0-9, '.', '_', '-', at most 128")
        return owner

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, 0o400)
            os.replace(name, path)
        except OSError as error:
            Path(name).unlink(missing_ok=True)
            raise StoreError(f"{self.root} did not take an object of {len(data)} bytes: {error}") from error

    def externalise(self, value: Any, at_least: int = LARGE_BYTES) -> Any:
        """Return `value` with bytes of that size and more put here and replaced by references."""
        kind = type(value)
        if kind is bytes:
            return self.put(value) if len(value) >= at_least else value
        if kind is list:
            return [self.externalise(x, at_least) for x in value]
        if kind is dict:
            return {key: self.externalise(x, at_least) for key, x in value.items()}
        return value

    def inline(self, value: Any) -> Any:
        """Return `value` with every reference replaced by its bytes."""
        if type(value) is Blob:
            return self.get(value.hash)
        if type(value) is list:
            return [self.inline(x) for x in value]
        if type(value) is dict:
            return {key: self.inline(x) for key, x in value.items()}
        return Json(value.data) if type(value) is Json else value


def _hash(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise StoreError(f"{text!r:.80} is no SHA-256")
    return text
