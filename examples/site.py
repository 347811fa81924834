"""What the examples share: the style sheet and the look of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livets import LiveTS

STATIC = Path(__file__).parent / "static"
HEAD = '<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/style.css">'


def application(title: str, templates: Sequence[Path] = ()) -> LiveTS:
    """A LiveTS app with the examples' style sheet."""
    return LiveTS(title=title, static=STATIC, head=HEAD, templates=templates)
