"""The rules of HTML forms that the kit follows: what is submitted, disabled, hidden, and what things are called."""

from __future__ import annotations

import pytest

from livets.mirror.nodes import parse_document
from livets.testing import forms, roles
from livets.testing.document import Document


def document(html: str) -> Document:
    return Document(parse_document(f"<!doctype html><body>{html}"))


@pytest.mark.parametrize(
    ("html", "pairs"),
    [
        ('<input name="a" value="1"><input value="unnamed"><input name="b" value="2" disabled>', [("a", "1")]),
        ('<input type="checkbox" name="c" checked><input type="checkbox" name="d">', [("c", "on")]),
        ('<input type="radio" name="r" value="x"><input type="radio" name="r" value="y" checked>', [("r", "y")]),
        ('<select name="s"><option>one<option value="2">two</select>', [("s", "one")]),
        ('<select name="s" multiple><option selected>a<option>b<option selected>c</select>', [("s", "a"), ("s", "c")]),
        ('<textarea name="t">text</textarea><button name="go" value="1">go</button>', [("t", "text"), ("go", "1")]),
        ('<input type="file" name="f"><input type="submit" name="other">', [("f", {})]),
        ('<fieldset disabled><legend><input name="in" value="1"></legend><input name="out"></fieldset>', [("in", "1")]),
    ],
)
def test_what_a_form_submits(html: str, pairs: list[tuple[str, object]]) -> None:
    page = document(f"<form>{html}</form>")
    form = page.css("form")[0]
    submitter = next(iter(page.css("button")), None)
    assert forms.pairs_of(page, form, submitter) == pairs


@pytest.mark.parametrize(
    ("html", "is_hidden"),
    [
        ("<b id='it'>x</b>", False),
        ("<div hidden><b id='it'>x</b></div>", True),
        ("<details><summary id='it'>x</summary></details>", False),
        ("<details><summary>x</summary><b id='it'></b></details>", True),
        ("<details open><summary>x</summary><b id='it'></b></details>", False),
        ("<dialog><b id='it'>x</b></dialog>", True),
        ("<b id='it' style='color: red; display: none'>x</b>", True),
        ("<input id='it' type='hidden'>", True),
    ],
)
def test_what_is_hidden(html: str, is_hidden: bool) -> None:
    node = document(html).css("#it")[0]
    assert (forms.hidden_by(node) is not None) is is_hidden


@pytest.mark.parametrize(
    ("html", "role", "name"),
    [
        ("<button id='it'>Save <img alt='now'></button>", "button", "Save now"),
        ("<label>Name <input id='it'></label>", "textbox", "Name"),
        ("<label for='it'>Age</label><input id='it' type='number'>", "spinbutton", "Age"),
        ("<p id='l'>Long</p><div id='it' role='dialog' aria-labelledby='l'></div>", "dialog", "Long"),
        ("<a id='it' href='/'>Home</a>", "link", "Home"),
        ("<input id='it' type='search' placeholder='Find'>", "searchbox", "Find"),
        ("<select id='it' aria-label='Colour'></select>", "combobox", "Colour"),
        ("<fieldset id='it'><legend>Size</legend></fieldset>", "group", "Size"),
    ],
)
def test_roles_and_names(html: str, role: str, name: str) -> None:
    page = document(html)
    node = page.css("#it")[0]
    assert roles.role_of(node) == role
    assert roles.names_of(page, node)[0] == name
