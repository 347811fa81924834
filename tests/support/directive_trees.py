"""Random trees with directives: written as a template, and evaluated by a second, independent reading of the docs.

It owns that second reading: what each directive means for a state, in plain Python. It imports nothing of livets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from typing import Any

from hypothesis import strategies as st

State = dict[str, Any]


@dataclass(frozen=True)
class Code:
    """An expression: as it is written, and what it means."""

    text: str
    value: Callable[[State], Any]


@dataclass
class Element:
    """One element with its directives, and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    branch: tuple[str, Code | None] | None = None
    loop: Code | None = None
    text: Code | None = None
    classes: dict[str, Code] | None = None
    show: Code | None = None
    bound: dict[str, Code] = field(default_factory=dict)
    children: list[Any] = field(default_factory=list)


CODES = [
    Code("a", lambda s: s["a"]),
    Code("not b", lambda s: not s["b"]),
    Code("n > 1", lambda s: s["n"] > 1),
    Code("n < 2 and a", lambda s: s["n"] < 2 and s["a"]),
    Code("t == 'x>y'", lambda s: s["t"] == "x>y"),
    Code("t", lambda s: s["t"]),
    Code("n", lambda s: s["n"]),
    Code("none", lambda s: None),
    Code("t if a else none", lambda s: s["t"] if s["a"] else None),
    Code("v|default('-')", lambda s: s.get("v", "-")),
    Code("{'}}': t, 'q': {}}['}}']", lambda s: s["t"]),
]
LISTS = [Code("v in xs", lambda s: s["xs"]), Code("v in xs if v", lambda s: [v for v in s["xs"] if v])]

codes = st.sampled_from(CODES)
states = st.fixed_dictionaries(
    {
        "a": st.booleans(),
        "b": st.booleans(),
        "n": st.integers(0, 3),
        "t": st.sampled_from(["", "x>y", "<i>", '"', "&amp;"]),
        "xs": st.lists(st.sampled_from(["p", "q<", "", "r"]), max_size=3, unique=True),
    }
)


def _nodes(depth: int) -> st.SearchStrategy[list[Any]]:
    text = st.sampled_from(["hi", "&lt;", "x {# no #} y", "{{ t }}", "<!-- <b ts-if='a'> -->"])
    return st.lists(st.one_of(text, _chain(depth)) if depth else text, max_size=3).map(
        lambda groups: [node for group in groups for node in (group if isinstance(group, list) else [group])]
    )


def _element(depth: int) -> st.SearchStrategy[Element]:
    return st.builds(
        Element,
        tag=st.sampled_from(["div", "span", "b", "section", "input", "template"]),
        attributes=st.dictionaries(
            st.sampled_from(["class", "id", "data-x"]), st.sampled_from(["s", "s t", "{{ t }}"])
        ),
        loop=st.none() | st.sampled_from(LISTS),
        text=st.none() | st.none() | codes,
        classes=st.none() | st.dictionaries(st.sampled_from(["on", "off", "a b"]), codes, min_size=1, max_size=2),
        show=st.none() | codes,
        bound=st.dictionaries(st.sampled_from(["title", "disabled", "aria-busy", "data-y"]), codes, max_size=2),
        children=st.deferred(lambda: _nodes(depth - 1)),
    ).map(_sensible)


def _sensible(element: Element) -> Element:
    if element.tag in ("template", "input"):
        element.text, element.children = None, element.children if element.tag == "template" else []
    elif element.text:
        element.children = []
    return element


@st.composite
def _chain(draw: st.DrawFn, depth: int) -> list[Element]:
    """One element, or several that are joined by ts-if, ts-else-if and ts-else."""
    first = draw(_element(depth))
    chain = [first]
    if first.loop is None and draw(st.booleans()):
        first.branch = ("ts-if", draw(codes))
        for _ in range(draw(st.integers(0, 2))):
            chain.append(draw(_element(depth)))
            chain[-1].branch = ("ts-else-if", draw(codes))
    if (first.branch or first.loop) and draw(st.booleans()):
        chain.append(draw(_element(depth)))
        chain[-1].branch = ("ts-else", None)
    for element in chain:
        if element.tag == "template" and (element.branch or element.loop):
            element.attributes, element.classes, element.show, element.bound = {}, None, None, {}
        elif element.tag == "template":
            element.tag = "div"
    return chain


trees = _nodes(2)


def write(nodes: list[Any], draw: Callable[[list[str]], str]) -> str:
    """The template. `draw` picks one of several ways to write the same."""
    return "".join(
        node if isinstance(node, str) else _write(node, draw, index and isinstance(nodes[index - 1], Element))
        for index, node in enumerate(nodes)
    )


def _write(element: Element, draw: Callable[[list[str]], str], follows: Any) -> str:
    def quoted(code: str) -> str:
        return f"'{code}'" if "'" not in code and draw(["'", '"']) == "'" else f'"{code}"'

    written = [f"{name}={quoted(value)}" for name, value in element.attributes.items()]
    if element.branch:
        name, code = element.branch
        written.append(f"{name}={quoted(code.text)}" if code else name)
    if element.loop:
        written.append(f"ts-for={quoted(element.loop.text)}")
    if element.text:
        written.append(f"ts-text={quoted(element.text.text)}")
    if element.classes is not None:
        pairs = ", ".join(f"'{name}': {code.text}" for name, code in element.classes.items())
        written.append(f'ts-class="{{{pairs}}}"')
    if element.show:
        written.append(f"ts-show={quoted(element.show.text)}")
    written += [f"ts-bind:{name}={quoted(code.text)}" for name, code in element.bound.items()]
    if draw(["as it is", "turned"]) == "turned":
        written.reverse()
    gap = draw([" ", "\n  "])
    start = f"<{element.tag}" + "".join(gap + attribute for attribute in written) + ">"
    lead = draw(["", "\n ", "<!-- c -->"]) if follows and element.branch and element.branch[0] != "ts-if" else ""
    if element.tag == "input":
        return lead + start
    return f"{lead}{start}{write(element.children, draw)}</{element.tag}>"


def show(nodes: list[Any], state: State) -> str:
    """The HTML of the tree for a state; what stands between the members of a chain is not written."""
    out: list[str] = []
    done = True
    for node in nodes:
        if isinstance(node, str):
            out.append(node.replace("{# no #}", "").replace("{{ t }}", escape(state["t"])))
            continue
        if node.branch is None:
            rows = _rows(node, state)
            done = bool(rows) if node.loop else True
            out += rows
            continue
        name, code = node.branch
        if name == "ts-if":
            done = False
        if not done and (code is None or code.value(state)):
            done = True
            out += _rows(node, state)
    return "".join(out)


def _rows(element: Element, state: State) -> list[str]:
    if element.loop is None:
        return [_one(element, state)]
    return [_one(element, {**state, "v": v}) for v in element.loop.value(state)]


def _one(element: Element, state: State) -> str:
    inner = escape(str(element.text.value(state))) if element.text else show(element.children, state)
    if element.tag == "template":
        return inner
    attributes = {name: value.replace("{{ t }}", state["t"]) for name, value in element.attributes.items()}
    if element.classes is not None:
        added = [name for names, code in element.classes.items() if code.value(state) for name in names.split()]
        written = " ".join(dict.fromkeys(added))
        lead = " " if added and "class" in attributes else ""
        attributes["class"] = f"{attributes.get('class', '')}{lead}{written}"
    if element.show and not element.show.value(state):
        attributes["hidden"] = ""
    for name, code in element.bound.items():
        value = code.value(state)
        if name == "disabled":
            value = True if value else None
        if name == "aria-busy" and isinstance(value, bool):
            value = str(value).lower()
        if value is not None and value is not False:
            attributes[name] = "" if value is True else str(value)
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{element.tag}{written}>" + ("" if element.tag == "input" else f"{inner}</{element.tag}>")
