"""The document around a view: head, title, connector.

Owns the default layout and the loading of layouts from the template directories. A layout is a plain Jinja2 template,
rendered once per page and never again; what changes belongs into the view. Called by `page`.

A layout of your own extends the default one (`{% extends "livets/layout.html" %}`, blocks `head` and `body`) or writes
the document itself with `{{ livets_head }}` first in its head and `{{ view }}` in its body. Both see the view's names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, Template, TemplateNotFound
from markupsafe import Markup, escape

from livets.errors import ConfigError
from livets.render.environment import LiveEnvironment, MappingScope, scope_context
from livets.render.environment import Scope as TemplateScope

_MATTERS = re.compile(r"<(?=!--|script)", re.IGNORECASE)
DEFAULT = "livets/layout.html"
_SOURCES = 128
"""Compiled sources of heads that are kept: as a rule, one a view class."""
SOURCE = """<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
{{ livets_head }}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
{%- for url in stylesheets %}
<link rel="stylesheet" href="{{ url }}">
{%- endfor %}
{% block head %}{{ head }}{% endblock %}
</head>
<body{% if body_class %} class="{{ body_class }}"{% endif %}>
{% block body %}{{ view }}{% endblock %}
{% block status -%}
<div id="livets-status" role="status" aria-live="polite" hidden data-offline="Connection lost. Trying again …"
 data-connecting="Connection lost. Trying again …" data-failed="This page is out of date. Please load it again."
 data-too_large="This is too much to send at once."></div>
{%- endblock %}
</body>
</html>
"""


class _Files(FileSystemLoader):
    """Remembers which files were read."""

    def __init__(self, directories: Sequence[Path]) -> None:
        super().__init__([str(directory) for directory in directories])
        self.read: set[str] = set()

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source = super().get_source(environment, template)
        self.read.add(template)
        return source


_NO_NAMES = MappingScope({})


class Layouts:
    """Renders documents."""

    def __init__(
        self, directories: Sequence[Path], *, lang: str, head: str, stylesheets: Sequence[str], dev: bool
    ) -> None:
        files = _Files(directories)
        self.read = files.read
        """Names of the files that layouts consist of, as far as they have been used."""
        self._environment = LiveEnvironment(
            autoescape=True, loader=ChoiceLoader([DictLoader({DEFAULT: SOURCE}), files]), auto_reload=dev
        )
        self._directories = directories
        self._stylesheets = stylesheets
        self._head = Markup(head)  # noqa: S704
        self._environment.globals.update(lang=lang)
        self._source = lru_cache(_SOURCES)(self._environment.from_string)

    def render(
        self, name: str, scope: TemplateScope = _NO_NAMES, *, static: Callable[[str], str] = str, **names: Any
    ) -> str:
        """The document of a view: `names` (title, head, body_class, livets_head, view) stand before the view's own.

        Raises ConfigError when there is no layout of that name or the layout leaves the view or the connector out, and
        what the layout raises.
        """
        try:
            layout = self._environment.get_template(name)
        except TemplateNotFound as error:
            places = ", ".join(str(Path(directory).resolve()) for directory in self._directories)
            raise ConfigError(f"there is no layout {error.name!r}; looked in: {places or 'no directory'}") from None
        names["head"] = self._head + names.get("head", "")
        names["stylesheets"] = [url if "/" in url[:1] or "://" in url else static(url) for url in self._stylesheets]
        document = self._run(layout, scope, names)
        if name != DEFAULT:
            _check_whole(name, document, names)
        return document

    def head(self, source: str, scope: TemplateScope) -> Markup:
        """A view's own part of the head, from its source. Raises what the source raises."""
        return Markup(self._run(self._source(source), scope, {}))  # noqa: S704

    def plain(self, name: str, scope: TemplateScope) -> str:
        """A file of the template directories, with these names. Raises TemplateNotFound, and what it raises itself."""
        return self._run(self._environment.get_template(name), scope, {})

    def _run(self, template: Template, scope: TemplateScope, names: Mapping[str, Any]) -> str:
        context = scope_context(self._environment, scope, names, template.name, template.blocks)
        try:
            return "".join(template.root_render_func(context))
        except Exception:
            self._environment.handle_exception()
            raise


def _check_whole(name: str, document: str, names: Mapping[str, Any]) -> None:
    """A layout of somebody's own that shows nothing, or never connects, is told at the first page."""
    for needed, place, what in (("view", "body", "the view"), ("livets_head", "head", "what connects the page")):
        if names.get(needed) and names[needed] not in document:
            raise ConfigError(
                f"the layout {name!r} leaves {what} out: write {{{{ {needed} }}}} into its <{place}>, or begin it with "
                f'{{% extends "{DEFAULT}" %}} and fill the blocks head and body (docs/routing.md)'
            )


def root(
    html: str, *, token: str, fingerprint: str, socket: str, wire: str, shape: Markup, navigates: bool = False
) -> Markup:
    """The view's element and its shape, as docs/protocol.md describes them."""
    links = " data-links" if navigates else ""
    return Markup(  # noqa: S704
        f'<div id="livets" data-livets="{escape(token)}" data-fp="{escape(fingerprint)}"'
        f' data-socket="{escape(socket)}" data-wire="{escape(wire)}"{links}>{html}</div>\n'
        f'<script type="application/json" id="livets-shape">{shape}</script>'
    )


def embedded_json(value: object) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element or change how it is read.

    A `<` matters there before `/`, `!--` and `script` only; everything else stays as short as it is.
    """
    text = msgspec.json.encode(value).decode().replace("</", "<\\/")
    return Markup(_MATTERS.sub(r"\\u003c", text))  # noqa: S704
