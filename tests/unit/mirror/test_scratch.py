"""A document in which one fragment after the other is parsed gives what a new one for each would give."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from livets.mirror import nodes, scratch
from livets.mirror.nodes import Node, copies, parse, serialise

TAGS = [
    "div", "p", "table", "tbody", "tr", "td", "select", "option", "textarea", "title", "script", "style",
    "template", "noscript", "svg", "math", "g", "foreignObject", "a", "b", "form", "input", "button", "ul",
    "li", "pre", "plaintext", "body", "html", "head", "caption", "colgroup", "col", "my-el", "iframe",
]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
    st.sampled_from(['<a href="x" id=y>', "text", "&amp;", "\n", " ", "\r\n", "\0", "é", "\ud800", "<!--[-->", "<!x>"]),
)


def shown(found: list[Node]) -> list[object]:
    return [(node.kind, node.tag, node.space, node.data, node.attributes, shown(node.children)) for node in found]


def alone(html: str, tag: str) -> list[Node]:
    """By a parser of its own."""
    try:
        parser = LexborHTMLParser(html, is_fragment=True, fragment_tag=tag, scripting=True)
    except ValueError:  # a tag that it has no number for
        parser = LexborHTMLParser(html, is_fragment=True, scripting=True)
    return nodes._siblings(parser.root)


@given(st.lists(PIECES, max_size=9).map("".join), st.sampled_from(TAGS))
def test_fragments_are_as_from_a_parser_of_their_own(html: str, tag: str) -> None:
    assert shown(parse(html, (tag, ""))) == shown(alone(html, tag))


@given(st.lists(PIECES, max_size=9).map("".join))
def test_copies_are_equal_and_other_nodes(html: str) -> None:
    parsed = parse(html)
    again = copies(parsed)
    assert shown(again) == shown(parsed)
    for node in again:
        node.put([])
        node.attributes["changed"] = ""
    assert shown(parsed) == shown(parse(html))


def test_threads_do_not_write_on_each_others_paper() -> None:
    wrong: list[str] = []

    def work(name: str) -> None:
        for number in range(200):
            html = f"<p>{name}</p>" * (number % 7)
            if serialise(parse(html)) != html:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_paper_is_thrown_away_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_free", [])
    monkeypatch.setattr(scratch, "_MAX_CHARACTERS", 1000)
    parse("<p>x</p>" * 20)
    (first,) = scratch._free
    parse("<p>x</p>" * 20)
    assert scratch._free == [first]
    parse("<p>x</p>" * 200)
    assert not scratch._free
