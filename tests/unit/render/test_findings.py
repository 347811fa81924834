"""What the compiler tells about a template: opaque parts with file and line, advice, lines in errors."""

from __future__ import annotations

import jinja2
import pytest

from livets.errors import TemplateError
from livets.render import OpaquePart, Templates, opaque_parts
from livets.render.environment import MappingScope


def compile_files(**files: str) -> Templates:
    templates = Templates()
    templates.environment.loader = jinja2.DictLoader({f"{name}.html": text for name, text in files.items()})
    return templates


def test_opaque_parts_name_their_file_and_line() -> None:
    templates = compile_files(
        page="{% extends 'base.html' %}\n{% block a %}\n"
        "<noscript>{{ x }}</noscript>{% include 'part.html' %}{% endblock %}",
        base="<p>\n<!-- -->{% block a %}{% endblock %}</p>\n<script>{{ y|safe }}</script>",
        part="\n\n<iframe>{{ z }}</iframe>",
    )
    assert opaque_parts(templates.get("page.html")) == [
        OpaquePart("base.html", 3, "markup inside <script>"),
        OpaquePart("page.html", 3, "something dynamic inside <noscript>"),
        OpaquePart("part.html", 3, "something dynamic inside <iframe>"),
    ]


def test_html_errors_name_the_included_file() -> None:
    templates = compile_files(page="<b>\n{% include 'part.html' %}</b>", part="\n</div>")
    with pytest.raises(TemplateError, match=r"part\.html, line 2: </div> closes nothing"):
        templates.get("page.html")


def test_an_error_while_rendering_names_the_included_file() -> None:
    template = compile_files(page="<b>\n{% include 'part.html' %}</b>", part="\n{{ 1 // x }}").get("page.html")
    with pytest.raises(ZeroDivisionError) as caught:
        template.start().html(MappingScope({"x": 0}))
    assert caught.value.__notes__ == ["while rendering line 2 of part.html"]


@pytest.mark.parametrize(
    "control", ["<input>", "<input type=checkbox>", "<select></select>", "<b><textarea></textarea></b>"]
)
@pytest.mark.parametrize("key", ["", "ts-key='{{ loop.index }}'"])
def test_controls_in_rows_without_keys_are_warned_about(
    control: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = f"<ul>\n{{% for x in xs %}}<li {key}>{{{{ x }}}}{control}</li>{{% endfor %}}</ul>"
    [advice] = Templates().from_string(source, name="a.html").advice
    assert (advice.file, advice.line) == ("a.html", 2)
    assert "ts-key" in advice.message
    assert caplog.messages == [f"a.html, line 2: {advice.message}"]


@pytest.mark.parametrize(
    "row", ["<li id='{{ x }}'><input></li>", "<li>{{ x }}<input type='hidden'></li>", "<li>{{ x }}</li>"]
)
def test_rows_with_keys_or_without_controls_are_not_warned_about(row: str) -> None:
    assert Templates().from_string(f"<ul>{{% for x in xs %}}{row}{{% endfor %}}</ul>").advice == []
