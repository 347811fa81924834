"""Views that outlive a reload: one process of `livets dev` writes its snapshots, the next one reads them.

Owns that file: readable by its owner only, in a folder of the parent's, gone with it; and that a view whose `mount()`
was edited is mounted anew. Only for the memory store; Redis keeps views anyway. Development only. Called by `child`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import msgspec

from livets.app import LiveTS
from livets.state import MemoryStore, Record
from livets.transport.worker import Meta

logger = logging.getLogger("livets.cli")


class _Kept(msgspec.Struct, array_like=True):
    view_id: str
    generation: int
    record: Record
    mounted_by: str
    """Names the code of the view's mount()."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[_Kept]]).decode


def write(path: Path, apps: Sequence[LiveTS]) -> None:
    """All views at rest; the file comes into being whole or not at all."""
    stores = [[_Kept(*kept, _mount_of(app, kept[2])) for kept in store.records()] for app, store in _with_memory(apps)]
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
    for (app, store), views in zip(_with_memory(apps), stores, strict=False):
        for kept in views:
            if kept.mounted_by == _mount_of(app, kept.record):
                store.adopt(kept.view_id, kept.generation, kept.record)


def _with_memory(apps: Sequence[LiveTS]) -> list[tuple[LiveTS, MemoryStore]]:
    return [(app, app.store) for app in apps if isinstance(app.store, MemoryStore)]


def _mount_of(app: LiveTS, record: Record) -> str:
    """The code of mount() that this view has, or would have, been mounted by; empty when that is not known."""
    try:
        url = msgspec.msgpack.decode(record.meta, type=Meta).url
    except msgspec.MsgspecError:
        return ""
    found = app.worker.routes.match(url)
    if found is None:
        return ""
    code = getattr(found[0].view_class.mount, "__code__", None)
    return "" if code is None else hashlib.blake2b(repr(_shown(code)).encode(), digest_size=16).hexdigest()


def _shown(value: Any) -> Any:
    """Code without its place in the file, and with sets in an order that the next process has, too."""
    if isinstance(value, CodeType):
        return (value.co_code, value.co_names, value.co_varnames, [_shown(each) for each in value.co_consts])
    return sorted(map(repr, value)) if isinstance(value, frozenset) else value
