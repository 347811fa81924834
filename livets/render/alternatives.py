"""Templates whose name an expression gives: `{% extends layout %}`, `{% include part.template %}`.

Only rendering can tell which they are. Each place keeps the names that it has met and becomes branches, one for each;
a new name is told by raising Promoted, and the template is compiled once more with it. It owns which names a place
knows and how many it may know. It never loads or links a template; the linker does, and calls it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import jinja2
from jinja2 import nodes

from livets.render.values import Promoted, Site

FILTER: Final = "ts_alternative"
MAX_NAMES: Final = 8
"""Names that one place knows; what else it meets is rendered by Jinja2 as a whole."""
MAX_ALL: Final = 32
"""Names that all places of a template know together; templates that include themselves could go on for ever."""
_REST: Final = ""
"""Told in place of a name that is none: a list, a template object, a file that is not there."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What one place knows."""

    site: int
    names: tuple[str, ...]
    """Sorted, so that the shape is the same in whatever order they were met."""
    has_room: bool
    has_rest: bool
    """True when there is a branch for everything else, behind those of the names."""

    @classmethod
    def at(cls, site: int, told: Collection[Site]) -> Alternatives:
        """Those of a place, by what rendering has told of the whole template.

        >>> Alternatives.at(3, [(3, "b.html"), (3, "a.html"), (4, "c.html"), 7]).names
        ('a.html', 'b.html')
        """
        every = [entry for entry in told if isinstance(entry, tuple)]
        here = {name for where, name in every if where == site}
        names = tuple(sorted(here - {_REST}))
        has_room = len(names) < MAX_NAMES and len(every) < MAX_ALL
        return cls(site, names, has_room, _REST in here or not names or not has_room)

    def tests(self, expression: nodes.Expr, lineno: int) -> list[nodes.Expr]:
        """A condition for each name; one that tells which template is wanted when no name is known."""
        arguments: list[nodes.Expr] = [
            nodes.Const(value) for value in (self.site, self.names, self.has_room, self.has_rest)
        ]
        index = nodes.Filter(expression, FILTER, arguments, [], None, None, lineno=lineno)
        return [
            nodes.Compare(index, [nodes.Operand("eq", nodes.Const(number))], lineno=lineno)
            for number in range(max(1, len(self.names)))
        ]

    def first_site(self, name: str) -> int:
        """Where the outputs of a named template are numbered from: one more name must not number the others anew."""
        return crc32(f"{self.site} {name}".encode()) << 20


@jinja2.pass_environment
def alternative(
    environment: jinja2.Environment, value: Any, site: int, names: tuple[str, ...], has_room: bool, has_rest: bool
) -> int:
    """Which of the names `value` is; their number when it is none of them. Raises Promoted to have one more."""
    if isinstance(value, str) and value in names:
        return names.index(value)
    if has_room and _can_load(environment, value):
        raise Promoted((site, str(value)))
    if not has_rest:
        raise Promoted((site, _REST))
    return len(names)


def _can_load(environment: jinja2.Environment, name: Any) -> bool:
    if not isinstance(name, str) or not name:
        return False
    try:
        environment.get_template(name)
    except Exception:  # whatever it is, Jinja2 will say so when it renders the whole
        return False
    return True


FILTERS: Final = {FILTER: alternative}
