"""What a page asks before it does something (`ts-confirm`), and what the person answers: yes, unless a test says no.

Owns the answer and the record of what was asked. One per page, shared by `Page` and its engine. Asks nobody else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Questions:
    """The questions of one page."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        """In order, answered either way."""
        self._is_yes = True
        self._asked: list[str] = []

    def answer(self, question: str) -> bool:
        """Whether the person agrees."""
        self.asked.append(question)
        self._asked.append(question)
        return self._is_yes

    @contextlib.contextmanager
    def declining(self) -> Iterator[list[str]]:
        """Answer no until the block ends; gives the list that the block's questions are added to."""
        before, self._is_yes, self._asked = (self._is_yes, self._asked), False, []
        try:
            yield self._asked
        finally:
            self._is_yes, self._asked = before
