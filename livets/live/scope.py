"""What templates see of a view: names become values, without leaving traces in the tracker.

It owns the rule which names are visible: declared fields, public attributes and properties; `session`, `params`,
`uri`, `url_for` and `static`; nothing private and none of LiveView's methods. Called by `render` through the display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from jinja2.utils import missing
from markupsafe import Markup

if TYPE_CHECKING:
    from livets.live.view import LiveView

HTML_NAME: Final = "html__"
"""The name under which the string of `render()` is shown."""
RENDER_SOURCE: Final = "{{ html__|safe }}"
"""The template of a view that has only `render()`: one opaque slot."""
_SURROUNDINGS: Final = frozenset({"session", "params", "uri", "url_for"})


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
        if name in self._view.__livets__.computed or name in _SURROUNDINGS:
            return getattr(self._view, name)
        if name == "static":
            return self._view._live.location.static
        if name == HTML_NAME:
            return Markup(self._view.render())  # noqa: S704 (render() returns HTML, that is its contract)
        return missing
