"""How far a view has come with the browser's events, when some of them end out of order.

It owns the count. It never knows what "ended" means: `commit` keeps one mark for results that were shown and one
for events that are over.
"""

from __future__ import annotations

from collections.abc import Set


class Watermark:
    """All events up to `at` have passed, and those in `beyond`.

    >>> mark = Watermark()
    >>> mark.passed(2)
    >>> mark.at, mark.beyond
    (0, {2})
    >>> mark.passed(1)
    >>> mark.at, mark.beyond
    (2, set())
    """

    __slots__ = ("_beyond", "at")

    def __init__(self) -> None:
        self.at = 0
        self._beyond: set[int] | None = None

    @property
    def beyond(self) -> set[int]:
        """Events that have passed while one before them has not."""
        return set(self._beyond or ())

    @property
    def last(self) -> int:
        """The highest event that has passed."""
        return self.at if self._beyond is None else max(self._beyond)

    def start(self, at: int, beyond: Set[int]) -> None:
        """Everything up to `at` has passed, and these."""
        self.at, self._beyond = at, set(beyond) or None
        self._catch_up()

    def passed(self, ref: int) -> None:
        """This one has passed; repeats change nothing."""
        if ref == self.at + 1 and self._beyond is None:
            self.at = ref
        elif ref > self.at:
            self._beyond = {*(self._beyond or ()), ref}
            self._catch_up()

    def reached(self, ref: int) -> None:
        """This one has passed, and all before it."""
        if ref > self.at:
            self.at = ref
            self._catch_up()

    def has(self, ref: int) -> bool:
        """Whether this one has passed."""
        return ref <= self.at or (self._beyond is not None and ref in self._beyond)

    def _catch_up(self) -> None:
        while self._beyond and self.at + 1 in self._beyond:
            self.at += 1
            self._beyond.discard(self.at)
        self._beyond = {ref for ref in self._beyond or () if ref > self.at} or None
