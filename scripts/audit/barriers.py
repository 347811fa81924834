"""Barriers in a page, found by axe-core in Chromium, and two of our own: sideways scrolling, and focus that is not seen.

Owns in which looks a page is examined (`LOOKS`) and which rules hold. Called by `__main__`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
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
_RUN = """async ([tags, areColorsForced]) => {
  // a page without a background of its own stands on the browser's, which axe takes for white
  document.documentElement.style.background = "Canvas";
  const { violations, incomplete } = await axe.run(document, {
    ...(tags ? { runOnly: tags } : {}), rules: { "target-size": { enabled: true }, "color-contrast": { enabled: !areColorsForced } }, resultTypes: ["violations", "incomplete"] });
  const told = (kind) => ({ id, help, nodes }) =>
    nodes.map((node) => `${kind} ${id}: ${help}: ${node.target.join(" ")}: ${[...node.any, ...node.all, ...node.none].map((it) => it.message)[0]}`);
  return [...violations.flatMap(told("axe")), ...incomplete.filter((it) => it.id === "color-contrast").flatMap(told("unsure"))];
}"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_UNSEEN = """() => {
  const focused = document.activeElement;
  const seen = (it) => { const s = getComputedStyle(it); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0; };
  const found = [];
  for (const it of document.querySelectorAll("a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']")) {
    it.blur();
    it.focus({ focusVisible: true, preventScroll: true });
    if (it.getClientRects()[0] && it.matches(":focus") && !seen(it)) found.push("focus is not seen: " + it.outerHTML.slice(0, 90));
  }
  focused?.focus?.({ preventScroll: true });
  return found;
}"""
_SETTLED = "() => document.getAnimations().every((it) => it.playState !== 'running')"


def look(page: Page, name: str) -> None:
    """Show the page in one of the LOOKS, and wait until nothing moves any more."""
    wanted = {**_PLAIN, **LOOKS[name]}
    page.set_viewport_size({"width": wanted.pop("width", 1280), "height": 800})
    page.emulate_media(**wanted)
    page.wait_for_function(_SETTLED)


def barriers(page: Page, tags: list[str] | None = None) -> list[str]:
    """What keeps somebody out of the page as it is now; `tags`: only the rules of these (all, if None)."""
    if not page.evaluate("() => !!window.axe"):
        page.evaluate(_AXE.read_text())
    found: list[str] = page.evaluate(_RUN, [tags, page.evaluate("matchMedia('(forced-colors: active)').matches")])
    if (sideways := page.evaluate(_SIDEWAYS)) > 0:
        found.append(f"it scrolls sideways by {sideways} px")
    return found


def hidden_focus(page: Page) -> list[str]:
    """What shows no outline when it has the focus. Moves the focus and puts it back."""
    found: list[str] = page.evaluate(_UNSEEN)
    return found
