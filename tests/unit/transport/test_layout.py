"""The document: everything that comes from outside is escaped, and nothing ends the shape's element."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from markupsafe import Markup

from livets.errors import ConfigError
from livets.transport.layout import DEFAULT, Layouts, embedded_json, root

EVIL = "</script><script>alert(1)</script><!-- <script> \u2028 & ' \""


def layouts(*directories: Path, head: str = "") -> Layouts:
    return Layouts(directories, lang="en", head=head, stylesheets=["/a.css?x=1&y=2"], dev=False)


def test_a_shape_cannot_end_its_element() -> None:
    text = embedded_json([[EVIL, [[0, [0], EVIL, ""]]]])
    assert "<" not in text
    assert json.loads(text) == [[EVIL, [[0, [0], EVIL, ""]]]]


def test_everything_but_html_is_escaped() -> None:
    element = root("<b>x</b>", token=EVIL, fingerprint=EVIL, socket=EVIL, wire="msgpack", shape=embedded_json([]))
    assert "<b>x</b>" in element
    assert "alert(1)</script>" not in element
    page = layouts(head='<meta name="x">').render(DEFAULT, title=EVIL, livets_head=Markup("<!--head-->"), view=element)
    assert "alert(1)</script>" not in page
    assert '<meta name="x">' in page
    assert 'href="/a.css?x=1&amp;y=2"' in page
    assert page.startswith("<!doctype html>")
    assert page.index("<!--head-->") < page.index("<title>") < page.index("<b>x</b>")


def test_a_missing_layout_is_an_error_that_teaches(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no layout"):
        layouts(tmp_path).render("base.html", title="", livets_head=Markup(), view=Markup())
