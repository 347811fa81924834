"""Barriers in a page, found by axe-core in Chromium, and two of our own: sideways scrolling, focus that is not seen.

Owns in which looks a page is examined (`LOOKS`) and which rules hold; `barriers.js` is its hand in the page. Called by
`__main__`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_HERE = Path(__file__).parent
_SCRIPTS = (_HERE / "node_modules/axe-core/axe.min.js", _HERE / "barriers.js")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "narrow": {"width": 360},
    "narrow-dark": {"width": 360, "color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "calm": {"reduced_motion": "reduce"},
}
"""A look by name: what the page is told of its visitor, and the window's width in CSS pixels."""
_PLAIN = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "no-preference"}
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SETTLED = "() => document.getAnimations().every((it) => it.playState !== 'running')"


def look(page: Page, name: str) -> None:
    """Show the page in one of the LOOKS, and wait until nothing moves any more."""
    wanted = {**_PLAIN, **LOOKS[name]}
    page.set_viewport_size({"width": wanted.pop("width", 1280), "height": 800})
    page.emulate_media(**wanted)
    page.wait_for_function(_SETTLED)


def barriers(page: Page, tags: list[str] | None = None) -> list[str]:
    """What keeps somebody out of the page as it is now; `tags`: only the rules of these (all, if None)."""
    _prepare(page)
    found: list[str] = page.evaluate("(tags) => livetsAudit.axe(tags)", tags)
    if (sideways := page.evaluate(_SIDEWAYS)) > 0:
        found.append(f"it scrolls sideways by {sideways} px")
    return found


def hidden_focus(page: Page) -> list[str]:
    """What shows no outline when it has the focus. Moves the focus and puts it back."""
    _prepare(page)
    found: list[str] = page.evaluate("() => livetsAudit.hiddenFocus()")
    return found


def _prepare(page: Page) -> None:
    if not page.evaluate("() => !!window.livetsAudit"):
        for script in _SCRIPTS:
            page.evaluate(script.read_text())
