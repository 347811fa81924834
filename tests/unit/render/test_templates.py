"""Where templates come from: what is kept, and when an edited file is noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from markupsafe import Markup

from livets.errors import TemplateError
from livets.render import Templates
from livets.render.environment import MappingScope


def test_a_template_is_compiled_once_and_only_so_many_are_kept() -> None:
    templates = Templates(size=2)
    first = templates.from_string("<p>1</p>")
    templates.from_string("<p>2</p>")
    assert templates.from_string("<p>1</p>") is first
    templates.from_string("<p>3</p>")  # the one that was used longest ago goes: 2
    assert templates.from_string("<p>1</p>") is first
    assert len(templates._compiled) == 2


def test_outputs_promoted_by_two_views_add_up() -> None:
    templates = Templates()
    source = "<p>{{ a }}</p><p>{{ b }}</p>"
    one, two = templates.from_string(source).start(), templates.from_string(source).start()
    one.html(MappingScope({"a": Markup("<b>"), "b": 1}))
    two.html(MappingScope({"a": 1, "b": Markup("<i>")}))
    assert [slot[0] for slot in templates.from_string(source).shape[0][1]] == [3, 3]
    three = templates.from_string(source).start()
    three.html(MappingScope({"a": Markup("<b>"), "b": Markup("<i>")}))
    assert three.template is two.template


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page that extends and includes."""
    (tmp_path / "page.html").write_text("{% extends 'base.html' %}{% block a %}{% include 'part.html' %}{% endblock %}")
    (tmp_path / "base.html").write_text("<div>{% block a %}{% endblock %}</div>")
    (tmp_path / "part.html").write_text("<p>{{ x }}</p>")
    return tmp_path


@pytest.mark.parametrize("edited", ["part.html", "base.html", "page.html"])
def test_in_development_an_edited_file_is_noticed(folder: Path, edited: str) -> None:
    templates = Templates([folder], reload=True)
    old = templates.get("page.html")
    assert templates.get("page.html") is old
    path = folder / edited
    stamp = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(path.read_text().replace("div", "main").replace("<p>", "<p>new ") + "<!-- edited -->")
    os.utime(path, ns=(stamp, stamp))
    new = templates.get("page.html")
    assert new is not old
    assert templates.get("page.html") is new
    plain = templates.environment.get_template("page.html").render(x=1)
    assert new.start().html(MappingScope({"x": 1})) == plain


def test_in_production_files_are_read_once(folder: Path) -> None:
    templates = Templates([folder])
    old = templates.get("page.html")
    for path in folder.iterdir():
        path.unlink()
    assert templates.get("page.html") is old


def test_a_deleted_include_is_noticed_in_development(folder: Path) -> None:
    templates = Templates([folder], reload=True)
    templates.get("page.html")
    (folder / "part.html").unlink()
    with pytest.raises(TemplateError, match=r"part\.html"):
        templates.get("page.html")
