"""What templates see of a view: names become values, without leaving traces in the tracker.

It owns the rule which names are visible: declared fields, public attributes and properties; `session`, `params`,
`uri`, `url_for` and `static`; nothing private and none of LiveView's methods. Called by `render` through the display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2 import StrictUndefined
from jinja2.utils import missing
from markupsafe import Markup

from livets.errors import ConfigError

if TYPE_CHECKING:
    from livets.live.view import LiveView

HTML_NAME: Final = "html__"
"""The name under which the string of `render()` is shown."""
RENDER_SOURCE: Final = "{{ html__|safe }}"
"""The template of a view that has only `render()`: one opaque slot."""
SURROUNDINGS: Final = frozenset({"session", "params", "uri", "url_for"})


class ViewScope:
    """The names of one view, for the renderer."""

    __slots__ = ("_values", "_view")

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self._values = view.__dict__

    def resolve(self, name: str) -> Any:
        """The value, or jinja2's `missing`."""
        if name.startswith("_"):
            return missing
        value = self._values.get(name, missing)
        if value is not missing:
            return value
        if name in self._view.__livets__.computed or name in SURROUNDINGS:
            return getattr(self._view, name)
        if name == "static":
            return self._view._live.location.static
        if name == HTML_NAME:
            return self._html()
        if name in self._view.__livets__.fields:
            label = f"{self._view.__livets__.name}.{name}"
            return StrictUndefined(f"{label} has no value yet: give it a default or assign it in mount()", name=name)
        return missing

    def _html(self) -> Markup:
        html = self._view.render()
        if not isinstance(html, str):
            raise ConfigError(
                f"{self._view.__livets__.name}.render() returned {type(html).__name__}, not HTML: it has to end with "
                f"`return` and a string"
            )
        return Markup(html)  # noqa: S704 (render() returns HTML, that is its contract)
