"""Who is present on one topic, as one worker knows it: entries of views, and what changes for people by them.

Owns the difference between a view and a person: somebody with two windows has come with the first and has gone with
the last. A pure data structure: it never waits, sends or looks at a clock. Called by `service`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

MAX_ENTRIES = 10_000
"""Views present on one topic that a worker keeps in mind; those above are left out."""


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One view says that somebody is here."""

    view_id: str
    key: str
    meta: dict[str, Any]
    owner: str
    """The worker that runs the view."""


class Delta(msgspec.Struct, array_like=True, frozen=True):
    """What workers tell each other of a topic; who owns an entry now is the only one who may end it."""

    owner: str
    came: list[Entry]
    went: list[tuple[str, str]]
    """(view id, key) of entries of this owner."""


class PresenceChange(msgspec.Struct):
    """People who came, went, or say something else of themselves now: key -> what the newest window of theirs says.

    >>> PresenceChange(joined={"ada": {"name": "Ada"}}).joined
    {'ada': {'name': 'Ada'}}
    """

    joined: dict[str, dict[str, Any]] = {}
    left: dict[str, dict[str, Any]] = {}
    updated: dict[str, dict[str, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self.joined or self.left or self.updated)

    def then(self, later: PresenceChange) -> PresenceChange:
        """Both as one: who came and went meanwhile was not here."""
        joined, left, updated = dict(self.joined), dict(self.left), dict(self.updated)
        for key, meta in later.joined.items():
            before = left.pop(key, None)
            (joined if before is None else updated)[key] = meta
        for key, meta in later.updated.items():
            (joined if key in joined else updated)[key] = meta
        for key, meta in later.left.items():
            updated.pop(key, None)
            if joined.pop(key, None) is None:
                left[key] = meta
        return PresenceChange(joined, left, updated)


class People:
    """The entries of one topic."""

    __slots__ = ("_by_key", "_count", "dropped")

    def __init__(self) -> None:
        self._by_key: dict[str, dict[str, Entry]] = {}
        self._count = 0
        self.dropped = 0
        """Entries left out because there are too many."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        for entries in self._by_key.values():
            yield from entries.values()

    def get(self, view_id: str, key: str) -> Entry | None:
        """What this view says of this person."""
        return self._by_key.get(key, {}).get(view_id)

    def said(self) -> dict[str, list[dict[str, Any]]]:
        """Who is here: key -> what each of their windows says, the newest last."""
        return {key: [dict(entry.meta) for entry in entries.values()] for key, entries in self._by_key.items()}

    def apply(self, delta: Delta) -> PresenceChange:
        """Take in what a worker tells; returns what that means for people."""
        keys = dict.fromkeys([*(entry.key for entry in delta.came), *(key for _, key in delta.went)])
        before = {key: self._of(key) for key in keys}
        for entry in delta.came:
            self._put(entry)
        for view_id, key in delta.went:
            kept = self.get(view_id, key)
            if kept is not None and kept.owner == delta.owner:
                self._remove(kept)
        change = PresenceChange({}, {}, {})
        for key, old in before.items():
            new = self._of(key)
            if not old and new:
                change.joined[key] = new[-1]
            elif old and not new:
                change.left[key] = old[-1]
            elif old != new:
                change.updated[key] = new[-1]
        return change

    def replaced(self, owner: str, entries: Iterable[Entry]) -> list[Delta]:
        """The deltas that make everything but `owner`'s entries equal to these."""
        wanted = {(entry.view_id, entry.key): entry for entry in entries if entry.owner != owner}
        gone: dict[str, list[tuple[str, str]]] = {}
        for entry in self:
            if entry.owner != owner and (entry.view_id, entry.key) not in wanted:
                gone.setdefault(entry.owner, []).append((entry.view_id, entry.key))
        came = [entry for entry in wanted.values() if not self._is(entry, owner)]
        return [Delta("", came, []), *(Delta(other, [], went) for other, went in gone.items())]

    def owned(self, owner: str) -> list[tuple[str, str]]:
        """Entries of a worker."""
        return [(entry.view_id, entry.key) for entry in self if entry.owner == owner]

    def _is(self, entry: Entry, owner: str) -> bool:
        """Whether this is known, or our own view's, of which we know more."""
        kept = self.get(entry.view_id, entry.key)
        return kept is not None and (kept == entry or kept.owner == owner)

    def _of(self, key: str) -> list[dict[str, Any]]:
        return [entry.meta for entry in self._by_key.get(key, {}).values()]

    def _put(self, entry: Entry) -> None:
        entries = self._by_key.get(entry.key)
        if entries is None or entry.view_id not in entries:
            if self._count >= MAX_ENTRIES:
                self.dropped += 1
                return
            self._count += 1
            if entries is None:
                entries = self._by_key[entry.key] = {}
        entries[entry.view_id] = entry

    def _remove(self, entry: Entry) -> None:
        entries = self._by_key[entry.key]
        del entries[entry.view_id]
        self._count -= 1
        if not entries:
            del self._by_key[entry.key]
