"""`livets check` and the connector know the same directives: both read `livets.wire.directives`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from livets.cli.lint.rules import check_source
from livets.cli.lint.source import Source
from livets.render.environment import LiveEnvironment
from livets.wire import directives

ROOT = Path(__file__).parents[3]
SOURCES = "\n".join(path.read_text() for path in (ROOT / "connector" / "src").rglob("*.js"))
ENVIRONMENT = LiveEnvironment()


def rules(markup: str) -> set[str]:
    return {finding.rule for finding in check_source(Source(ENVIRONMENT, "t.html", markup, "t.html", 1), [])}


@pytest.mark.parametrize(
    "modifier", [*directives.EVENT_MODIFIERS, *sorted(directives.KEYS), "a", "7", "debounce.300ms"]
)
def test_what_the_browser_knows_is_accepted(modifier: str) -> None:
    assert "unknown-modifier" not in rules(f'<p ts-on:keydown.{modifier}="x"></p>')


@pytest.mark.parametrize("modifier", directives.MODEL_MODIFIERS)
def test_so_is_ts_model(modifier: str) -> None:
    assert "unknown-modifier" not in rules(f'<input ts-model.{modifier}="x">')


def test_what_is_accepted_is_something_that_the_browser_does() -> None:
    alone = {*directives.EVENT_MODIFIERS, *directives.MODEL_MODIFIERS} - {*directives.PLACES, *directives.SYSTEM_KEYS}
    for modifier in alone:
        read = rf"""has\("{modifier}"\)|/\\\.{modifier}/"""
        assert re.search(read, SOURCES), f".{modifier} is accepted and does nothing"
    assert f"/\\.({'|'.join(directives.PLACES)})/" in SOURCES
    assert 'event[word + "Key"] === false' in SOURCES  # ctrl, shift, alt, meta
    assert "MODIFIERS.test(word)" in SOURCES
    for name in directives.NAMES | directives.PREFIXES:
        assert name in SOURCES, f"{name} is accepted and does nothing"


@pytest.mark.parametrize("modifier", ["esc", "arrowup", "prevnt", "300ms", "away", "slash"])
def test_what_it_does_not_know_is_told(modifier: str) -> None:
    assert "unknown-modifier" in rules(f'<p ts-on:keydown.{modifier}="x"></p>')


@pytest.mark.parametrize("name", ["ts-hook", "ts-viewport", "ts-html", "ts-once"])
def test_there_is_no_such_directive(name: str) -> None:
    assert "unknown-directive" in rules(f'<p {name}="x"></p>')
