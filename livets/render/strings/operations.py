"""The edits of one comparison as they are written down: codes, addresses, arguments (docs/protocol.md, "Edits").

It owns their form and nothing else. It never decides what an edit is. `edits`, `siblings` and `cells` write to it.
"""

from __future__ import annotations

from typing import Any, Final

from livets.render.strings.tags import Changes

TEXT: Final = 0
SET: Final = 1
CLASS: Final = 2
NODES: Final = 3


class Operations:
    """A flat list of edits that grows.

    >>> operations = Operations()
    >>> operations.text([0, "p"], "new")
    >>> operations.attributes(["k7", None], [("class", "a", "a b"), ("title", "x", None)])
    >>> operations.flat
    [0, [0, 'p'], 'new', 2, ['k7', None], 'a', 'a b', 1, ['k7', None], 'title', None]
    """

    def __init__(self) -> None:
        self.flat: list[Any] = []

    def text(self, address: list[Any], data: str) -> None:
        """Other data of a text node, or another text of a leaf."""
        self.flat += (TEXT, address, data)

    def attributes(self, address: list[Any], changes: Changes) -> None:
        """Attributes of one element."""
        for name, was, value in changes:
            if name == "class":
                self.flat += (CLASS, address, was, value)
            else:
                self.flat += (SET, address, name, value)

    def nodes(self, address: list[Any], steps: list[Any]) -> None:
        """What stands at a place from now on."""
        self.flat += (NODES, address, steps)

    def have_nodes(self, mark: int) -> bool:
        """Do nodes come, go or move by what has been written since the list was `mark` long?"""
        while mark < len(self.flat):
            if self.flat[mark] == NODES:
                return True
            mark += 4 if self.flat[mark] in (SET, CLASS) else 3
        return False

    def take_back(self, mark: int) -> None:
        """Forget what has been written since the list was `mark` long."""
        del self.flat[mark:]
