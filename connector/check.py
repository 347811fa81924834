"""Are the connector's files in livets/static built from the sources next to this file, and within their size budgets?

Runs without node: build.mjs writes the hashes of sources and files to current.json, this computes them again.
`python connector/check.py` prints what is wrong and exits with 1, or prints nothing and exits with 0.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
STATIC = HERE.parent / "livets" / "static"
CORE = ("connector.js", "connector-json.js")
BUDGET = 6144
"""Bytes after gzip -9 for all JavaScript of a default page (D19): connector.js."""


def sources_hash() -> str:
    """The hash build.mjs writes: every source module, the build itself and the pinned tools."""
    digest = hashlib.sha256()
    names = sorted(path.relative_to(HERE).as_posix() for path in (HERE / "src").rglob("*.js"))
    for name in [*names, "build.mjs", "package-lock.json"]:
        digest.update(f"{name}\0".encode() + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()


def complaint() -> str | None:
    """What is wrong with the built files, in words; None when all is well."""
    current = json.loads((HERE / "current.json").read_text())
    if current["sources"] != sources_hash():
        return "the connector's sources have changed: run `npm ci && npm run build` in connector/"
    sizes: dict[str, int] = {}
    built = {*CORE, *(path.name for path in (HERE / "src" / "extras").glob("*.js"))}
    for path in STATIC.glob("*.js"):
        if path.name not in built:
            return f"{path} has no source any more: remove it"
    for name in sorted(built):
        path = STATIC / name
        content = path.read_bytes() if path.exists() else b""
        if hashlib.sha256(content).hexdigest() != current["files"].get(name):
            return f"{path} is missing or stale: run `npm ci && npm run build` in connector/"
        sizes[name] = len(gzip.compress(content, 9))
    if sizes["connector.js"] > BUDGET:
        return f"{sizes} bytes gzipped; the budget of connector.js is {BUDGET}"
    return None


if __name__ == "__main__":
    words = complaint()
    if words:
        print(words, file=sys.stderr)  # noqa: T201
    raise SystemExit(1 if words else 0)
