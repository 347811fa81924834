"""Directives and modifiers that do not exist, with the one that was meant.

What the browser knows is in `livets.wire.directives`, what Jinja2 knows is here. Runs for every attribute that begins
with `ts-`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from livets.cli.lint.finding import Finding
from livets.cli.lint.source import Element, Source
from livets.render.directives_scan import Attribute
from livets.wire import directives

NAMES = frozenset([
    *directives.NAMES, "ts-if", "ts-else-if", "ts-else", "ts-for", "ts-text", "ts-class", "ts-show",
])  # fmt: skip
PREFIXES = directives.PREFIXES | {"ts-bind"}
"""Those that are written `prefix:name`."""
_OTHER_NAMES = {
    "esc": "escape", "return": "enter", "del": "delete", "cmd": "meta", "control": "ctrl", "option": "alt",
    "arrowup": "up", "arrowdown": "down", "arrowleft": "left", "arrowright": "right", "spacebar": "space",
    "page-up": "pageup", "page-down": "pagedown", "away": "outside", "preventdefault": "prevent",
}  # fmt: skip
"""What other frameworks call it."""
_TIME = re.compile(r"\d+m?s")
_KEY_EVENT = re.compile(r"key(down|up|press)")


def unknown(source: Source) -> Iterator[Finding]:
    """Directives and modifiers that livets does not know."""
    for element in source.elements:
        for attribute in element.tag.attributes:
            if attribute.name.startswith("ts-"):
                yield from _directive(source, element, attribute)


def _directive(source: Source, element: Element, attribute: Attribute) -> Iterator[Finding]:
    line = source.line(attribute.start)
    whole, _, argument = attribute.name.partition(":")
    name, *modifiers = (whole if not argument else attribute.name).split(".")
    base = name.partition(":")[0]

    def finding(rule: str, message: str, hint: str = "") -> Finding:
        return Finding(source.file, line, rule, message, hint)

    if base in PREFIXES:
        if not name.partition(":")[2]:
            example = {"ts-on": 'ts-on:click="save"', "ts-value": 'ts-value:id="7"', "ts-bind": 'ts-bind:title="text"'}
            yield finding("unknown-directive", f"{base} says nothing behind a colon", f"write {example[base]}")
    elif base not in NAMES:
        prefix = next((each for each in PREFIXES if base.startswith(f"{each}-")), None)
        if prefix is not None:
            meant = f"{prefix}:{base[len(prefix) + 1 :]}"
            yield finding("unknown-directive", f"there is no directive {base}", f"write a colon: {meant}")
            return
        near = difflib.get_close_matches(base, NAMES | PREFIXES, 1, 0.5)
        known = ", ".join(sorted(NAMES | {f"{prefix}:…" for prefix in PREFIXES}))
        hint = f"did you mean {near[0]}{':…' if near[0] in PREFIXES else ''}?" if near else f"there are {known}"
        yield finding("unknown-directive", f"there is no directive {base}", hint)
        return
    event = name.partition(":")[2]
    known_here = _modifiers(base, event)
    before = ""
    for modifier in modifiers:
        if _TIME.fullmatch(modifier):
            if before not in directives.TIMED:
                yield finding(
                    "unknown-modifier",
                    f".{modifier} stands alone",
                    f"write .debounce.{modifier} or .throttle.{modifier}",
                )
        elif modifier not in known_here and not (_KEY_EVENT.fullmatch(event) and len(modifier) == 1):
            other = _OTHER_NAMES.get(modifier.replace("arrow-", "arrow"), "")
            near = [other] if other in known_here else difflib.get_close_matches(modifier, known_here, 1, 0.5)
            known = ", .".join(sorted(known_here - directives.KEYS))
            hint = f"did you mean .{near[0]}?" if near else f"there are .{known}"
            if not known_here:
                hint = f"{base} takes none"
            yield finding("unknown-modifier", f"{base} has no modifier .{modifier}", hint)
        before = modifier


def _modifiers(base: str, event: str) -> frozenset[str]:
    if base == "ts-model":
        return frozenset(directives.MODEL_MODIFIERS)
    if base == "ts-on":
        known = frozenset(directives.EVENT_MODIFIERS)
        return known | directives.KEYS if _KEY_EVENT.fullmatch(event) else known
    return frozenset()
