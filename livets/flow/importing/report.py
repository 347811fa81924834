"""What became of each foreign node, in words: the honest list that every import ends with."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.flow.model import Workflow

How = Literal["exact", "differs", "unmapped", "dropped"]
MEANING: dict[How, str] = {
    "exact": "does the same",
    "differs": "does nearly the same: see each",
    "unmapped": "a flow.fail, or what never fires, stands in its place: replace it",
    "dropped": "does nothing when run: left out",
}


class Entry(msgspec.Struct, frozen=True):
    """One foreign node: its name, its type there, what became of it, our node types, and remarks."""

    name: str
    type: str
    how: How
    became: list[str] = []
    remarks: list[str] = []


class Report(msgspec.Struct, frozen=True):
    """All entries in the order of the file, and remarks about the file as a whole (what was cut, or left out)."""

    source: str
    entries: list[Entry]
    remarks: list[str] = []

    def count(self, how: How) -> int:
        """Return how many nodes became that."""
        return sum(entry.how == how for entry in self.entries)

    @property
    def complete(self) -> bool:
        """Whether every node and connection has an equivalent, exact or with a difference that is told."""
        return not self.remarks and not self.count("unmapped")

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON data: counts, entries, remarks."""
        counts = {how: self.count(how) for how in MEANING}
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {"source": self.source, "complete": self.complete, "counts": counts, **found}


class Imported(msgspec.Struct, frozen=True):
    """A workflow that was read from a foreign form, and what of it did not map."""

    workflow: Workflow
    report: Report
