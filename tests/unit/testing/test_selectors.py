"""Selectors that are asked of the tree find what lexbor finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.mirror.nodes import parse_document
from livets.testing.document import Document
from livets.testing.selectors import simple

_TAGS = st.sampled_from(["div", "p", "li", "h1", "button", "svg", "linearGradient", "template", "body", "input"])
_NAMES = st.sampled_from(["a", "b", "A", "a-b", "done", "x1"])
_ATTRIBUTES = st.fixed_dictionaries({}, optional={"id": _NAMES, "class": st.lists(_NAMES, max_size=3).map(" ".join)})


def _element(tag: str, attributes: dict[str, str], inner: list[str]) -> str:
    written = "".join([f' {name}="{value}"' for name, value in attributes.items()])
    return f"<{tag}{written}>{''.join(inner)}</{tag}>"


_ELEMENTS = st.recursive(
    st.builds(_element, _TAGS, _ATTRIBUTES, st.just(["text"])),
    lambda inner: st.builds(_element, _TAGS, _ATTRIBUTES, st.lists(inner, max_size=3)),
    max_leaves=12,
)
_SELECTORS = st.builds(
    lambda tag, id, classes: tag + (f"#{id}" if id else "") + "".join([f".{name}" for name in classes]),
    st.sampled_from(["", "*", "html", "div", "p", "li", "h1", "svg", "lineargradient", "body", "template", "input"]),
    st.one_of(st.just(""), _NAMES),
    st.lists(_NAMES, max_size=2),
).filter(bool)


@given(st.lists(_ELEMENTS, max_size=4), _SELECTORS, st.integers(0, 5))
def test_the_tree_finds_what_lexbor_finds(html: list[str], selector: str, at: int) -> None:
    document = Document(parse_document(f"<!doctype html><html><body>{''.join(html)}</body></html>"))
    assert simple(selector) is not None
    lexbor = f":is({selector})"
    assert simple(lexbor) is None
    assert document.css(selector) == document.css(lexbor)
    elements = list(document.top.elements())
    within = elements[at % len(elements)]
    assert document.css(selector, within) == document.css(lexbor, within)


@pytest.mark.parametrize("selector", ["", "ul li", "a:hover", "[href]", "li.", "#1", "a,b", "LI", ".ä"])
def test_others_are_lexbors(selector: str) -> None:
    assert simple(selector) is None
