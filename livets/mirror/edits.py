"""Edits of an HTML slot: path operations on the nodes that its HTML has made, as docs/protocol.md says ("Edits").

Owns addresses and scripts. Values go to the page's `Surface`, as those of slots do. Whatever does not fit is a Misfit;
the connector would ask for the block again. Called by `blocks`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from livets.mirror.misfit import Misfit
from livets.mirror.nodes import Context, Node, inside, parse

LEAVES = frozenset(
    ["textarea", "title", "script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "template"]
)
_TEXT, _SET, _CLASS, _NODES = range(4)


class Write(Protocol):
    """How a value is written (`Surface.write`)."""

    def __call__(self, node: Node, name: str, value: str | None) -> None:
        """An attribute, or a text."""


class Place(NamedTuple):
    """A position among the children of `owner`: an element, or the slot's range."""

    owner: Node
    at: int

    @property
    def node(self) -> Node:
        """The node there. Raises Misfit."""
        if not 0 <= self.at < len(self.owner.children):
            raise Misfit(f"no node {self.at} in {self.owner}")
        return self.owner.children[self.at]


def apply(top: Node, context: Context, ops: list[Any], write: Write) -> None:
    """Apply the edits to what stands in the range `top`. Raises Misfit."""
    if count(top) != ops[0]:
        raise Misfit(f"edits are for {ops[0]} nodes; there are {count(top)}")
    rest = ops[1:]
    while rest:
        code, address, *rest = rest
        place, tag = _locate(top, address), address[-1]
        if code == _TEXT:
            _text(top, place, tag, rest.pop(0), write)
        elif code in (_SET, _CLASS):
            first, value, *rest = rest
            node = place.node
            _called(node, tag)
            if code == _CLASS and node.attributes.get("class") != first:
                raise Misfit(f"the class of {node} was not {first!r}")
            write(node, "class" if code == _CLASS else first, value)
        elif code == _NODES:
            _owned(top, place, tag)
            _rearrange(place, rest.pop(0), context if place.owner is top else inside(place.owner))
        else:
            raise Misfit(f"edit {code}")


def count(node: Node) -> int:
    """Nodes below, without those inside leaves."""
    return sum(1 + (0 if is_leaf(child) else count(child)) for child in node.children)


def is_leaf(node: Node) -> bool:
    """True for elements whose content has no addresses."""
    return node.tag in LEAVES or "ts-ignore" in node.attributes


def _text(top: Node, place: Place, tag: str | None, data: str, write: Write) -> None:
    node = place.node
    if node.kind == "text":
        _owned(top, place, tag)
        write(node, "", data)
        return
    _called(node, tag)
    if not is_leaf(node):
        raise Misfit(f"{node} is no leaf")
    if not node.children:
        node.put([Node("text")])
    write(node.children[0], "", data)


def _called(node: Node, tag: str | None) -> None:
    if node.kind != "element" or tag not in (None, node.tag.lower()):
        raise Misfit(f"{node} where <{tag}> should be")


def _owned(top: Node, place: Place, tag: str | None) -> None:
    if tag is not None and tag != ("" if place.owner is top else place.owner.tag.lower()):
        raise Misfit(f"in {place.owner}, not in <{tag}>")


def _locate(top: Node, address: list[Any]) -> Place:
    owner, at = top, -1
    for step in address[:-1]:
        if isinstance(step, str):
            found = [each for each in _held(top) if key_of(each) == step]
            if len(found) != 1 or found[0].parent is None:
                raise Misfit(f"the key {step!r} is there {len(found)} times")
            owner = found[0].parent
            at = next(number for number, child in enumerate(owner.children) if child is found[0])
        elif step < 0:
            at -= step
        else:
            if at >= 0:
                owner = Place(owner, at).node
                if is_leaf(owner):
                    raise Misfit(f"an address inside of {owner}")
            at = step
    return Place(owner, at)


def key_of(node: Node) -> str | None:
    """What an element is called in addresses."""
    named = node.attributes
    return named.get("ts-key") or named.get("id") or named.get("data-key")


def _held(node: Node) -> list[Node]:
    """Elements below that have addresses."""
    found = []
    for child in node.children:
        if child.kind == "element":
            found.append(child)
            if not is_leaf(child):
                found += _held(child)
    return found


def _rearrange(place: Place, script: list[Any], context: Context) -> None:
    siblings, run, taken = place.owner.children, list[Node](), 0
    if not 0 <= place.at <= len(siblings):
        raise Misfit("a place beyond the last node")
    old = siblings[place.at :]
    for step in script:
        if isinstance(step, str):
            run += parse(step, ("template", context[1]) if not context[1] else (context[1], context[1]))
        elif isinstance(step, list):
            run += old[step[0] : step[0] + step[1]]
        else:
            if taken + abs(step) > len(old):
                raise Misfit("a script that is longer than the list")
            run += old[taken : taken + step] if step > 0 else []
            taken += abs(step)
    place.owner.put([*siblings[: place.at], *run, *old[taken:]])
