"""What the browser is told about its address when a unit of work commits.

It decides nothing: `navigation` makes a move, `display` sends it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Mode(IntEnum):
    """How a browser goes to a URL; the first element of a NAVIGATE operation."""

    PUSH = 0
    REPLACE = 1
    LEAVE = 2
    ANEW = 3
    """Not a place: the page is to say what its bound controls hold (`transport.anew`)."""


class Move(NamedTuple):
    """What the browser is told when the unit of work commits."""

    mode: Mode
    url: str
