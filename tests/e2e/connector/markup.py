"""Pages that are markup alone, without a slot."""

from __future__ import annotations


def static(markup: str) -> tuple[str, list]:
    return markup, [[markup, []]]


def names(script) -> list[str]:
    return [event.handler for event in script.events if event.handler != "probe"]
