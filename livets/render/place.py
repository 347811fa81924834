"""Where the linker stands in a template.

It owns plain data. The linker and its parts hand it down, changed where a block, a loop or an include begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jinja2 import nodes

from livets.render.items import Item


@dataclass(slots=True)
class Place:
    """Where the linker stands: blocks by name (most derived first), the block at hand, the loops around."""

    blocks: dict[str, list[nodes.Block]] = field(default_factory=dict)
    block: tuple[str, int] | None = None
    looping: bool = False
    loop_hidden: bool = False
    depth: int = 0
    inner: bool = False
    """True where a set name is not a name of the whole template: in a loop, a block, an include."""
    frame: bool = False
    """True at the top of a file: what its statements set, all of the file sees."""
    locals: frozenset[str] = frozenset()
    """Names that a block which is not scoped does not see: set by the block, the loop or the `with` around it."""
    copies: set[str] = field(default_factory=set)
    """Those of them that such a block reads: where the outermost frame begins, they get a second name."""
    name: str = ""
    """What the template is called that is rendered or included; those that it extends are a part of it."""
    before: tuple[Item, ...] = ()
    """What the templates that extend this one define; it comes first."""
    whole: tuple[Item, ...] = ()
    """The template that extends this one, directly or not, as Jinja2 renders it: for parents that nobody knows."""
