"""`python -m benchmarks.templates` on a checkout of a few files: the row of the table, what was wrong or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.templates import trial
from benchmarks.templates.__main__ import main

FILES = {
    "site/base.html": "<!doctype html><html><body>{% block main %}{% endblock %}{% asset 'a.css' %}</body></html>",
    "site/list.html": "{% extends 'base.html' %}{% block main %}<ul>{% for u in users %}<li>{{ u.name|odd }}</li>"
    "{% endfor %}</ul><p>{{ title }}</p>{% endblock %}",
    "site/plain.html": "<p>nothing dynamic</p>",
    "site/broken.html": "{% if %}",
    "site/open.html": "<section>{{ title }}",
    "site/whole.html": "{% filter upper %}<p>{{ title }}</p>{% endfilter %}",
    "other/page.html": "<p>{{ title }}</p>",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def run(*arguments: object) -> tuple[int, list[str]]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return done.exit_code, done.output.splitlines()


def test_the_row_and_what_was_refused(checkout: Path) -> None:
    code, lines = run(checkout, "site", "--states", 2, "--changes", 3, "--why")
    name, tried, equal, share = [part.strip() for part in lines[0].strip("| ").split("|")]
    assert (code, name, tried, equal) == (0, checkout.name, "4", "3")
    assert 50 <= int(share.removesuffix(" %")) < 100
    assert lines[1].startswith("  site/open.html: refused: ")
    assert "<section> is never closed" in lines[1]
    assert any("{% filter %} is rendered by Jinja2 as a whole" in line for line in lines[2:])


def test_the_whole_checkout_and_at_most_one(checkout: Path) -> None:
    assert run(checkout, "--most", 1)[1] == [f"| {checkout.name} | 1 | 1 | 100 % |"]
    assert run(checkout)[1][0].startswith(f"| {checkout.name} | 5 | 4 |")


def test_a_wrong_page_is_an_error(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "parse", lambda html: [])
    code, lines = run(checkout, "other")
    assert code == 1
    assert lines[1] == "  other/page.html: wrong: the page after change 1, of title"
