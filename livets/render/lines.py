"""Line numbers that know their file, and what is found at them: parts that are opaque, and advice.

A template is put together from several files; a number alone would not say where. The linker numbers what it has
parsed with these, and every later step hands them on as plain ints. It owns no rule about templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from livets.render.mending import hint_for
from livets.render.walk import every


class Line(int):
    """A line number of a file.

    >>> line = Line(3, "page.html")
    >>> line + 1, (line + 1).file
    (4, 'page.html')
    """

    file: str

    def __new__(cls, number: int, file: str) -> Line:
        line = super().__new__(cls, number)
        line.file = file
        return line

    def __add__(self, other: Any) -> Line:
        return Line(int(self) + int(other), self.file)


@dataclass(frozen=True, slots=True, order=True)
class OpaquePart:
    """A part of a template that is rendered whole, and why it can't be split."""

    file: str
    line: int
    reason: str

    @property
    def hint(self) -> str:
        """How to mend it."""
        return hint_for(self.reason)


@dataclass(frozen=True, slots=True, order=True)
class Advice:
    """Something that works, but not as well as it could: `message` says what and how to mend it."""

    file: str
    line: int
    message: str


def number_lines(tree: nodes.Template, file: str) -> None:
    """Give every node of a parsed file a line number that knows the file."""
    for node in every(tree)[1:]:
        if node.lineno:
            node.lineno = Line(node.lineno, file)


def file_of(line: int, otherwise: str) -> str:
    """The file of a line, `otherwise` when it does not know."""
    return line.file if isinstance(line, Line) else otherwise
