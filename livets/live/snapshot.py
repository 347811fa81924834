"""A view's fields as a store keeps them: what a commit writes, and the way back into a view (D14, ADR 0004).

It owns the decision between a KeyedList's base and its log, and the bound on what one view may keep. It never writes
to a store. Called by the runner at commit, at rest and at restore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from livets.errors import FieldError
from livets.render.keyed_list import KeyedList
from livets.state import Change, Record

if TYPE_CHECKING:
    from livets.live.fields import Field
    from livets.live.view import LiveView

SHORT_LOG: Final = 64
"""A KeyedList's log is folded into a new base when it is longer than this and than half of the list."""


_NOTED_BYTES: Final = 4096
"""Smaller fields do not count."""


class Growth(NamedTuple):
    """How a commit changes what is stored; `Snapshot.accept` takes it once the commit is certain."""

    lengths: dict[str, int]
    """Operations in the logs of KeyedLists."""
    sizes: dict[str, int]
    """Bytes of large fields."""


class Snapshot:
    """How much is stored of one view: the length of its logs, and the bytes of its large fields."""

    __slots__ = ("_lengths", "_max_bytes", "_sizes")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lengths: dict[str, int] | None = None
        self._sizes: dict[str, int] | None = None

    def change(self, view: LiveView, changed: dict[str, Any]) -> tuple[Change, Growth]:
        """What this commit writes, and the growth that `accept` takes once it is certain.

        `changed`: names of changed fields with their encoding, where that is known already. Raises FieldError when the
        view would keep too much.
        """
        change, lengths = Change(), {}
        for name, encoded in changed.items():
            field, value = view.__livets__.fields[name], view.__dict__[name]
            if not field.persist or field.codec is None:
                continue
            if field.keyed is not None and isinstance(value, KeyedList) and not view._live.tracker.is_whole(name):
                operations = value.since(0)
                start = (self._lengths or {}).get(name, 0)
                length = start + len(operations)
                if length <= max(SHORT_LOG, len(value) // 2):
                    lengths[name] = length
                    change.logs[name] = [field.keyed.encode_batch(value, operations, start)]
                    continue
                lengths[name] = 0
            change.fields[name] = _encoded(view, field, encoded)
        sizes = self._measured(change.fields, change.logs)
        if sizes:
            self._check(view, sizes)
        return change, Growth(lengths, sizes)

    def accept(self, growth: Growth) -> None:
        """The change was committed."""
        if growth.lengths:
            self._lengths = {**(self._lengths or {}), **growth.lengths}
        if growth.sizes:
            self._sizes = {**(self._sizes or {}), **growth.sizes}

    def _measured(self, fields: dict[str, bytes], logs: dict[str, list[bytes]]) -> dict[str, int]:
        """The bytes of the large ones among these, and of those that were."""
        known = self._sizes or {}
        sizes = {name: len(base) for name, base in fields.items() if len(base) >= _NOTED_BYTES or name in known}
        for name, entries in logs.items():
            sizes[name] = known.get(name, len(fields.get(name, b""))) + sum(map(len, entries))
        return sizes

    def _check(self, view: LiveView, growth: dict[str, int]) -> None:
        sizes = {**(self._sizes or {}), **growth}
        if sum(sizes.values()) > self._max_bytes:
            raise FieldError(_too_large(view, sizes, self._max_bytes))

    def first(self, view: LiveView) -> dict[str, bytes]:
        """All persisted fields of a view that was just mounted. Raises FieldError when that is too much."""
        fields = self.whole(view)
        self._check(view, {})
        return fields

    def whole(self, view: LiveView) -> dict[str, bytes]:
        """All persisted fields, for a record that begins anew: its logs are empty from here on."""
        fields = everything(view)
        self._lengths = self._sizes = None
        self._sizes = self._measured(fields, {}) or None
        return fields

    def load(self, view: LiveView, record: Record) -> dict[str, str]:
        """Fill a new view from a record; returns the fields that the class declares otherwise now, and why.

        Fields that the class no longer declares are left out, new ones keep their defaults.
        """
        misfits: dict[str, str] = {}
        for name, field in view.__livets__.fields.items():
            if name not in record.fields or field.codec is None or not field.persist:
                continue
            try:
                value = field.codec.decode(record.fields[name])
                if field.keyed is not None:
                    length = 0
                    for batch in record.logs.get(name, ()):
                        length = field.keyed.replay(value, batch, length)
                    self.accept(Growth({name: length}, {}))
            except (msgspec.DecodeError, LookupError) as error:
                misfits[name] = f"the stored value does not fit {field.kind}: {error}"
                continue
            view.__dict__[name] = value
        self._sizes = self._measured(record.fields, record.logs) or None
        return misfits


def everything(view: LiveView) -> dict[str, bytes]:
    """All persisted fields of a view, encoded. Raises FieldError for a value that would come back as another one."""
    fields = {}
    for name, field in view.__livets__.fields.items():
        if field.persist and field.codec is not None and name in view.__dict__:
            fields[name] = _encoded(view, field)
    return fields


def _encoded(view: LiveView, field: Field, encoded: bytes | None = None) -> bytes:
    assert field.codec is not None
    value = view.__dict__[field.name]
    data = field.codec.encode(value) if encoded is None else encoded
    if field.codec.is_open:  # what an annotation such as `list` lets in is known by nobody but the value
        field.check_kept(type(view), value, data)
    return data


def _too_large(view: LiveView, sizes: dict[str, int], max_bytes: int) -> str:
    largest = max(sizes, key=lambda name: sizes[name])
    return (
        f"{type(view).__qualname__} would keep {sum(sizes.values()):,} bytes, and a view may keep {max_bytes:,}; the "
        f"largest field is {largest!r} with {sizes[largest]:,}. Keep large data where it belongs (a database, a file) "
        f"and its key in the field, mark what can be loaded again `field(persist=False)` and load it in resumed(), or "
        f"allow more: LiveTS(view_max_bytes=…)"
    )
