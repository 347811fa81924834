"""Every reason that a region is opaque says how to mend it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from livets import render
from livets.render import Templates, opaque_parts
from livets.render.mending import _HINTS, hint_for

_RAISED = frozenset({"Hard", "Unfit", "Unbalanced", "_opaque", "_whole", "Torn"})


def _texts(node: ast.expr) -> list[str]:
    """The texts that an expression may be; `x` for what is put into them."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.JoinedStr(values=values):
            return ["".join(part.value if isinstance(part, ast.Constant) else "x" for part in values)]
        case ast.IfExp():
            return _texts(node.body) + _texts(node.orelse)
    return []


def _reasons() -> set[str]:
    found: set[str] = set()
    for file in Path(render.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _RAISED:
                    found.update(text for argument in node.args for text in _texts(argument))
                case ast.Assign(targets=[ast.Name(id="reason")]):
                    found.update(_texts(node.value))
                case ast.Return(value=ast.Constant(value=str() as text)) if file.name == "verify.py":
                    found.add(text)
    return found


def test_every_reason_has_a_hint() -> None:
    reasons = {reason for reason in _reasons() if reason.strip("x: ")}
    assert len(reasons) > 40
    assert [reason for reason in sorted(reasons) if not hint_for(reason)] == []


def test_every_hint_is_for_a_reason() -> None:
    known = {hint_for(reason) for reason in _reasons()} | {hint_for(reason) for reason in _MADE}
    assert [hint for _, hint in _HINTS if hint not in known] == []


_MADE = [
    "xs.append() changes what the template has made",
    "a namespace, whose attributes are set",
    "the macro m changes what it is given: xs",
    "a macro of a.html changes what that file has made",
    "a joiner or cycler, which each use changes",
    "<b> is not closed before </p> (line 1 of a.html)",
    "{% filter %} is rendered by Jinja2 as a whole",
    "{% autoescape %} is rendered by Jinja2 as a whole",
    "{% do %} is rendered by Jinja2 as a whole",
    "the whole template: ValueError in livets: x",
    "a line end at the start of an element that drops it",
]


def test_an_element_that_goes_on_behind_its_parent_is_the_reason() -> None:
    source = "<div>{{ a }}<p>\n<small>{{ b }}</p><i>{{ a }}</i></div>"
    [part] = opaque_parts(Templates().from_string(source, name="a.html"))
    assert part.reason == "<small> is not closed before </p> (line 2 of a.html)"
    assert part.hint == "write its end tag in front of the other one"


@pytest.mark.parametrize("tag", ["{% filter upper %}x{% endfilter %}", "{% autoescape false %}x{% endautoescape %}"])
def test_statements_are_called_as_they_are_written(tag: str) -> None:
    [part] = opaque_parts(Templates().from_string(tag))
    assert part.reason.startswith(tag.partition(" ")[0] + " " + tag.split()[1])
