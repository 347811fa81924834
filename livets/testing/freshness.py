"""The DOM equals a fresh render: what a page shows is compared with the view's state, drawn anew.

Owns the comparison and the words when it fails. Changes neither view nor page. Called after every action by `page`.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from livets.live.scope import ViewScope
from livets.mirror.misfit import Misfit
from livets.mirror.nodes import Node, html_of, parse, serialise

if TYPE_CHECKING:
    from livets.live import ViewRunner

_PERSONS = {"details": "open", "dialog": "open"}
"""Attributes that change because a person opens something."""
_THEIRS = "ts-ignore"
"""What is in such an element belongs to other scripts: it stays as it was first drawn."""


def fresh_html(runner: ViewRunner) -> str:
    """The HTML of the view's state as it is now; leaves no trace in the view."""
    view = runner.view
    tracker = view._live.tracker
    paused, tracker.paused = tracker.paused, True
    try:
        return runner.rendering.template.start().html(ViewScope(view))
    finally:
        tracker.paused = paused


def check(runner: ViewRunner, shown: list[Node], url: str) -> None:
    """Raises Misfit when what is shown is not what the state would be drawn as."""
    fresh = parse(fresh_html(runner))
    if _normal(fresh) == _normal(shown):
        return
    if runner.catch_up().diff:
        return  # the template reads what changes by itself (a clock, a global): the next patch will tell
    wanted, found = _lines(fresh), _lines(shown)
    difference = "\n".join(difflib.unified_diff(found, wanted, "the page", "a fresh render", lineterm="", n=2))
    raise Misfit(
        f"the page {url} does not show the state of {type(runner.view).__qualname__}:\n{difference}\n"
        f"A field was changed where livets could not see it (through a reference kept from before the event: say "
        f'`self.touch("name")`), the template depends on something besides fields, or this is a bug in livets. '
        f"`client(…, check=False)` leaves this check out."
    )


def _normal(nodes: list[Node]) -> str:
    for node in nodes:
        for each in [node, *node.elements()]:
            if _THEIRS in each.attributes or (each.tag in _PERSONS and _PERSONS[each.tag] in each.attributes):
                return serialise(_ours(nodes))
    return serialise(nodes)


def _ours(nodes: list[Node]) -> list[Node]:
    """Copies without what persons have opened and what other scripts own."""
    copies = parse(html_of(nodes))
    for node in copies:
        for each in [node, *node.elements()]:
            if each.tag in _PERSONS:
                each.attributes.pop(_PERSONS[each.tag], None)
            if _THEIRS in each.attributes:
                each.put([])
    return copies


def _lines(nodes: list[Node]) -> list[str]:
    return html_of(nodes).replace("><", ">\n<").splitlines()
