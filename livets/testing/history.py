"""The history of one tab: the addresses it was at, and which of them one loaded page answers.

Owns the entries and the place among them. Never loads anything: `local` does, or asks the view.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One address."""

    url: str
    load: int
    """Number of the page load that it belongs to."""


class History:
    """Entries, and the one at hand."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._at = -1
        self._load = 0

    def loaded(self, url: str, *, is_travel: bool) -> None:
        """A page was loaded, at a new address or (`is_travel`) at the entry at hand."""
        self._load += 1
        if is_travel:
            self.entries[self._at] = Entry(url, self._load)
        else:
            self.push(url)

    def push(self, url: str) -> None:
        """A new entry behind the one at hand; those after that are gone."""
        self._at += 1
        self.entries[self._at :] = [Entry(url, self._load)]

    def replace(self, url: str) -> None:
        """Another address for the entry at hand."""
        self.entries[self._at] = Entry(url, self._load)

    def travel(self, step: int) -> tuple[str, bool] | None:
        """Go back (-1) or forward (1): the address, and whether the page at hand answers it; None at the end."""
        if not 0 <= self._at + step < len(self.entries):
            return None
        self._at += step
        entry = self.entries[self._at]
        return entry.url, entry.load == self._load
