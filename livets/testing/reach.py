"""What a person cannot do to an element, and why: it is hidden, inert, disabled, or not made for it.

Owns these rules and their words; both engines ask before they act. Raises NotPossible, changes nothing.
"""

from __future__ import annotations

from livets.mirror.nodes import Node, tag_of
from livets.testing.controls import is_toggle, options_of, value_of
from livets.testing.errors import NotPossible
from livets.testing.forms import hidden_by, is_disabled, is_text_control, kind_of


def describe(node: Node) -> str:
    """An element in a message."""
    text = " ".join(node.text.split())
    return tag_of(node) + (f" {text[:40]!r}" if text else "")


def can_reach(node: Node, verb: str) -> None:
    """It is there for a person to see."""
    if (hider := hidden_by(node)) is not None:
        by = "it is hidden" if hider is node else f"{tag_of(hider)} around it is hidden"
        raise NotPossible(f"a person can't {verb} {describe(node)}: {by}")
    if inert := next((each for each in node.around() if "inert" in each.attributes), None):
        raise NotPossible(f"a person can't {verb} {describe(node)}: {tag_of(inert)} is inert")


def can_use(node: Node, verb: str) -> None:
    """It can be reached and is not disabled."""
    can_reach(node, verb)
    if is_disabled(node):
        raise NotPossible(f"a person can't {verb} {describe(node)}: it is disabled")
    if node.attributes.get("aria-disabled") == "true":
        raise NotPossible(f"a person can't {verb} {describe(node)}: it says that it is disabled (aria-disabled)")


def can_write(node: Node) -> None:
    """One can type into it."""
    if not is_text_control(node):
        raise NotPossible(f"{describe(node)} is nothing that one types into")
    can_use(node, "type into")
    if "readonly" in node.attributes:
        raise NotPossible(f"a person can't type into {tag_of(node)}: it is read-only")


def can_check(node: Node, wanted: bool) -> None:
    """It has a check mark that can be set so."""
    if not is_toggle(node):
        raise NotPossible(f"{describe(node)} is neither a check box nor a radio button")
    if not wanted and kind_of(node) == "radio":
        raise NotPossible("a radio button can't be unchecked: check another one of its group")
    can_use(node, "check")


def chosen(select: Node, wanted: list[str]) -> list[Node]:
    """The options that are meant, by value or text."""
    if select.tag != "select":
        raise NotPossible(f"choose() is for a <select>, not for {describe(select)}; check() is for radio buttons")
    can_use(select, "choose from")
    options, found = options_of(select), []
    for name in wanted:
        by_value = [each for each in options if name == value_of(each)]
        fitting = by_value or [each for each in options if name == " ".join(each.text.split())]
        if not fitting:
            known = ", ".join([repr(" ".join(each.text.split())) for each in options])
            raise NotPossible(f"{tag_of(select)} has no option {name!r}; it has: {known}")
        if is_disabled(fitting[0]):
            raise NotPossible(f"the option {name!r} is disabled")
        found.append(fitting[0])
    return found
