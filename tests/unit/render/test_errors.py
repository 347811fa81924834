"""Templates that can't work say which, where, what and how to mend it."""

from __future__ import annotations

import jinja2
import pytest

from livets.errors import TemplateError
from livets.render import Templates


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<html><p>x</p></html>", "line 1: <html> does not belong .* layout"),
        ("\n<!DOCTYPE html><p>", "line 2: <!DOCTYPE> does not belong"),
        ("<div>\n<p>{{ a }}</p>", "line 1: <div> is never closed"),
        ("<p>a</p>\n</div>", "line 2: </div> closes nothing"),
        ("<p>{{ a </p>", "line 1"),
        ("<p>{% if a %}</p>", "line 1"),
        ("\n{% include 'none.html' %}", "line 2.*none.html"),
        ("<p>{{ a|nofilter }}</p>", "line 1.*nofilter"),
        ("<!--[--><p>", "marker"),
    ],
)
def test_a_template_that_cannot_work_is_refused(source: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        Templates().from_string(source, name="page.html")
    assert "page.html" in str(caught.value)


def test_a_template_that_is_not_there() -> None:
    templates = Templates()
    with pytest.raises(TemplateError, match="directory"):
        templates.get("a.html")
    templates.environment.loader = jinja2.DictLoader({})
    with pytest.raises(TemplateError, match="not found"):
        templates.get("a.html")


def test_files_are_loaded_from_directories(tmp_path: object) -> None:
    from pathlib import Path

    assert isinstance(tmp_path, Path)
    (tmp_path / "page.html").write_text("{% extends 'base.html' %}{% block a %}<p>{{ x }}</p>{% endblock %}")
    (tmp_path / "base.html").write_text("<div>{% block a %}{% endblock %}</div>")
    template = Templates([tmp_path]).get("page.html")
    assert template.opaque == []
    assert template.templates == {"base.html"}
