"""The pages that come with livets are open to everybody, as far as HTML and colours tell; `make audit` sees more."""

from __future__ import annotations

import contextlib
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from examples.demo import app as demo
from livets import LiveTS
from livets.cli.new import SCAFFOLDS, write
from livets.mirror.nodes import Node
from livets.testing import Page, client
from livets.testing.roles import names_of, role_of

ROOT = Path(__file__).parents[2]
OPERATED = {
    "button",
    "checkbox",
    "combobox",
    "link",
    "listbox",
    "radio",
    "searchbox",
    "slider",
    "spinbutton",
    "textbox",
}
NAMED = {*OPERATED, "navigation", "group", "region", "log"}


@contextlib.contextmanager
def scaffold(template: str, folder: Path) -> Iterator[LiveTS]:
    """The application of a project that `livets new` makes; its modules are forgotten afterwards."""
    write(folder, template, {"@NAME@": "shop", "@TITLE@": "Shop"})
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield import_module("main").app
    for name in ("main", "store"):
        sys.modules.pop(name, None)


@pytest.fixture(params=["/", "/counter", "/todo", "/chat/lobby", *SCAFFOLDS])
async def page(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    """A page of the demo or of a scaffold, as it comes."""
    monkeypatch.setenv("TODO_DB", str(tmp_path / "todo"))
    monkeypatch.setenv("CHAT_DB", str(tmp_path / "chat"))
    is_new = request.param in SCAFFOLDS
    with scaffold(request.param, tmp_path / "shop") if is_new else contextlib.nullcontext(demo) as app:
        async with client(app) as person:
            yield await person.open("/" if is_new else request.param)


async def test_a_page_tells_what_it_is_and_where_its_parts_are(page: Page) -> None:
    elements = list(page.document.top.elements())
    html = next(node for node in (page.document.top, *elements) if node.tag == "html")
    assert html.attributes["lang"]
    assert page.title
    roles = Counter(role_of(node) for node in elements)
    assert roles["main"] == 1
    assert next(node.tag for node in elements if re.fullmatch("h[1-6]", node.tag)) == "h1"
    assert sum(node.tag == "h1" for node in elements) == 1
    ids = Counter(node.attributes["id"] for node in elements if "id" in node.attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    assert sum("autofocus" in node.attributes for node in elements) <= 1
    assert [node.tag for node in elements if int(node.attributes.get("tabindex", 0)) > 0] == []


async def test_everything_has_a_name(page: Page) -> None:
    def nameless(node: Node) -> bool:
        return role_of(node) in NAMED and not any(names_of(page.document, node))

    assert [node.tag for node in page.document.top.elements() if nameless(node)] == []


async def test_a_name_that_is_given_begins_with_what_one_sees(page: Page) -> None:
    for node in page.document.top.elements():
        seen = " ".join(node.text.split())
        if role_of(node) in OPERATED and "aria-label" in node.attributes and len(seen) > 1:
            assert node.attributes["aria-label"].startswith(seen), seen


# The colours of a style sheet: variables of :root, light, and dark in its media query

TEXT, EDGE = 4.5, 3.0
"""What WCAG asks for: of text, and of what shows that something can be used."""
SHEETS = {
    "examples/static/style.css": (
        [(ink, ground) for ink in ("ink", "soft", "accent") for ground in ("paper", "panel", "tint")],
        [(edge, ground) for edge in ("edge", "focus") for ground in ("paper", "panel")],
    ),
    "livets/cli/scaffolds/shared/static/style.css": (
        [(ink, ground) for ink in ("ink", "soft", "accent", "danger") for ground in ("ground", "panel")],
        [(edge, ground) for edge in ("edge", "focus") for ground in ("ground", "panel")],
    ),
}


def palettes(css: str) -> dict[str, dict[str, str]]:
    """The colours by name: light, and dark, which changes some of them."""
    light, dark = re.split(r"@media \(prefers-color-scheme: dark\)", css)[:2]
    found = re.compile(r"--([\w-]+):\s*(#[\da-f]{3,6})\b")
    plain = dict(found.findall(light))
    return {"light": plain, "dark": plain | dict(found.findall(dark))}


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it: 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_colours_can_be_told_apart(sheet: str, scheme: str) -> None:
    colors = palettes((ROOT / sheet).read_text())[scheme]
    texts, edges = SHEETS[sheet]
    pairs = {**dict.fromkeys([*texts, ("on-accent", "accent")], TEXT), **dict.fromkeys(edges, EDGE)}
    found = {pair: contrast(colors[pair[0]], colors[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < pairs[pair]} == {}
