"""What the examples share: the look of the page and the page for what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from livets import LiveTS

_HERE = Path(__file__).parent
_HEAD = """<link rel="icon" href="data:,">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#f6f6f3">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#121413">"""


def application(title: str, **more: Any) -> LiveTS:
    """A LiveTS app with the examples' templates and style sheet; `more` goes to LiveTS."""
    examples = ("todo", "chat")
    # A closed window is let go of sooner than by default: in the chat, others should see who has left.
    settings: dict[str, Any] = {"stylesheets": ("style.css",), "detached_keep_s": 20.0}
    return LiveTS(
        title=title,
        head=_HEAD,
        static=_HERE / "static",
        templates=[_HERE / "templates", *[_HERE / name / "templates" for name in examples]],
        **settings,
        **more,
    )
