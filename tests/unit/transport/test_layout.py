"""The document: everything that comes from outside is escaped, and nothing ends the shape's element."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markupsafe import Markup
from selectolax.lexbor import LexborHTMLParser

from livets.errors import ConfigError
from livets.transport.layout import DEFAULT, Layouts, embedded_json, root

EVIL = "</script><script>alert(1)</script><!-- <script> \u2028 & ' \""


def layouts(*directories: Path, head: str = "") -> Layouts:
    return Layouts(directories, lang="en", head=head, stylesheets=["/a.css?x=1&y=2"], dev=False)


HOSTILE = (
    EVIL,
    "</SCRIPT ><ScRiPt\n>",
    "<!--<script>",
    "<!--<!--<script/x>--></script",
    "<\\/script>\\</script>\\\\</script><\\!--",
    "<",
    "</",
    "<<//script><<!--<<script",
    "<\u017fcript><\0/script>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_shape_cannot_end_its_element(text: str) -> None:
    shape = [[text, [[0, [0], text, ""]]], [text, []]]
    written = embedded_json(shape)
    assert json.loads(written) == shape
    assert not re.search(r"</|<!--|<script", written, re.IGNORECASE)
    page = LexborHTMLParser(f'<body><script type="application/json">{written}</script><b>after</b></body>')
    (script,) = page.css("script")
    assert json.loads(script.text()) == shape
    assert page.css_first("body > b").text() == "after"


def test_a_shape_stays_about_as_long_as_its_html() -> None:
    html = '<ul class="a &amp; b"><li><b>x</b><i>y</i></li></ul>' * 20
    assert len(embedded_json([html])) < 1.15 * len(html)


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
