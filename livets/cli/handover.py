"""Views that outlive a reload: one process of `livets dev` writes its snapshots, the next one reads them.

Owns that file: readable by its owner only, in a folder of the parent's, gone with it. Only for the memory store; Redis
keeps views anyway. Development only. Called by `child`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from livets.app import LiveTS
from livets.state import MemoryStore, Record

logger = logging.getLogger("livets.cli")


class _Kept(msgspec.Struct, array_like=True):
    view_id: str
    generation: int
    record: Record


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[_Kept]]).decode


def write(path: Path, apps: Sequence[LiveTS]) -> None:
    """All views at rest; the file comes into being whole or not at all."""
    stores = [[_Kept(*kept) for kept in store.records()] for store in _stores(apps)]
    aside = path.with_suffix(".new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_encode(stores))
    aside.replace(path)


def read(path: Path, apps: Sequence[LiveTS]) -> None:
    """Take the views over, application by application; what can't be read is left, and its pages begin anew."""
    if not path.exists():
        return
    try:
        stores = _decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("the views of the process before could not be read, pages begin anew: %s", error)
        return
    for store, views in zip(_stores(apps), stores, strict=False):
        for kept in views:
            store.adopt(kept.view_id, kept.generation, kept.record)


def _stores(apps: Sequence[LiveTS]) -> list[MemoryStore]:
    return [app.store for app in apps if isinstance(app.store, MemoryStore)]
