"""What the tests of rendering share: a bench that renders a template and keeps the browser's model beside it."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

import jinja2
import pytest

from livets.mirror.liveroot import LiveRoot as Page
from livets.mirror.nodes import parse, serialise
from livets.render import CompiledTemplate, Templates
from livets.render.environment import MappingScope
from tests.support.corpus import EXTENSIONS

MARKERS = re.compile(r"<!--(?:\[(?:-?\d+)?|\])-->")


class Bench:
    """A template, one view's rendering, and the page as a browser would have it."""

    def __init__(self, source: str, values: dict[str, Any], files: dict[str, str] | None = None) -> None:
        self.templates = _templates(tuple((files or {}).items()))
        self.values = dict(values)
        self.scope = MappingScope(self.values)
        self.template: CompiledTemplate = self.templates.from_string(source)
        self.plain = _plain(self.templates, source)
        self.rendering = self.template.start()
        self.html = self.rendering.html(self.scope)
        self.page = Page(self.rendering.template.shape, html=self.html)

    def fresh(self) -> str:
        """What plain Jinja2 renders."""
        return self.plain.render(self.values)

    def check_first(self) -> None:
        """First HTML, its hydration and a fill all show what plain Jinja2 renders."""
        assert strip(self.html) == self.fresh()
        assert self.page.html() == normal(self.fresh())
        fill = self.rendering.fill(self.scope).diff
        shape = self.rendering.template.shape
        if fill[0] == -13:
            shape, fill = fill[1][1], [-10, fill[3][1]]
        assert Page(shape, fill=fill[1]).html() == normal(self.fresh())

    def change(self, values: dict[str, Any], dirty: Collection[str] | None = None) -> list[Any]:
        """New values; the model with the diff applied equals a fresh render."""
        if dirty is None:
            dirty = {name for name in values if not alike(values[name], self.values.get(name, ...))}
        self.values.update(values)
        patch = self.rendering.diff(self.scope, frozenset(dirty))
        again = self.rendering.diff(self.scope, frozenset(dirty))
        assert again.diff == patch.diff, "a dropped patch changes nothing"
        patch.commit()
        self.page.apply(patch.diff)
        assert self.page.html() == normal(self.fresh()), (patch.diff, self.values)
        return patch.diff


@lru_cache(maxsize=256)
def _templates(files: tuple[tuple[str, str], ...]) -> Templates:
    templates = Templates(extensions=EXTENSIONS)
    templates.environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    templates.environment.loader = jinja2.DictLoader(dict(files))
    return templates


@lru_cache(maxsize=256)
def _plain(templates: Templates, source: str) -> jinja2.Template:
    """The template as Jinja2 renders it; compiling it again for every example would be most of the tests' time."""
    return templates.environment.from_string(source)


def strip(html: str) -> str:
    """Without marker comments."""
    return MARKERS.sub("", html)


def normal(html: str) -> str:
    """As a browser's tree, in one normal form."""
    return serialise(parse(html))


def alike(a: Any, b: Any) -> bool:
    """Equal, and of equal types."""
    return repr(a) == repr(b)


@pytest.fixture
def bench() -> type[Bench]:
    """The class Bench."""
    return Bench
