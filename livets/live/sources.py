"""What a view class says about how it looks: exactly one of `template`, `template_name` and `render()`.

It owns that rule. A subclass may look otherwise than its base: the class that says something last counts. It compiles
nothing. Called by `display` for each view, and by `transport.routes` when a view gets its path.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from livets.errors import ConfigError

if TYPE_CHECKING:
    from livets.live.view import LiveView

_WAYS: Final = ("template", "template_name", "render")


def source_of(view_class: type[LiveView]) -> str:
    """Which of the three it is; empty if it is none. Raises ConfigError for two at once."""
    for owner in view_class.__mro__:
        if owner.__module__ == "livets.live.view":
            break
        said = [way for way in _WAYS if vars(owner).get(way)]
        if len(said) > 1:
            raise ConfigError(
                f"{owner.__qualname__} has {' and '.join(said)}: a view shows exactly one of `template` (inline "
                f"Jinja2), `template_name` (a file) and `render()` (a method that returns HTML). Keep one of them"
            )
        if said:
            return said[0]
    return ""


def check_source(view_class: type[LiveView]) -> None:
    """Raises ConfigError unless the view shows something, and says in one way what."""
    way = source_of(view_class)
    if way == "render" and inspect.iscoroutinefunction(view_class.render):
        raise ConfigError(
            f"{view_class.__qualname__}.render() is an `async def`: write a plain `def`, and load what it shows in an "
            f"async mount() or handler, into a field"
        )
    if not way:
        raise ConfigError(
            f"{view_class.__qualname__} shows nothing: give it a `template` (inline Jinja2), a `template_name` "
            f"(a file) or a `render()` method that returns HTML"
        )
