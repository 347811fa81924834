"""The document around a view: head, title, connector.

Owns the default layout and the loading of layouts from the template directories. A layout is a plain Jinja2 template,
rendered once per page and never again; what changes belongs into the view. Called by `page`.

A layout of your own extends the default one (`{% extends "livets/layout.html" %}`, blocks `head` and `body`) or writes
the document itself with `{{ livets_head }}` first in its head and `{{ view }}` in its body.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from jinja2 import ChoiceLoader, DictLoader, Environment, FileSystemLoader, TemplateNotFound
from markupsafe import Markup

from livets.errors import ConfigError

_MATTERS = re.compile(r"<(?=!--|script)", re.IGNORECASE)
DEFAULT = "livets/layout.html"
_SOURCE = """<!doctype html>
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
<body>
{% block body %}{{ view }}{% endblock %}
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


class Layouts:
    """Renders documents."""

    def __init__(
        self, directories: Sequence[Path], *, lang: str, head: str, stylesheets: Sequence[str], dev: bool
    ) -> None:
        files = _Files(directories)
        self.read = files.read
        """Names of the files that layouts consist of, as far as they have been used."""
        self._environment = Environment(
            autoescape=True, loader=ChoiceLoader([DictLoader({DEFAULT: _SOURCE}), files]), auto_reload=dev
        )
        self._environment.globals.update(lang=lang, head=Markup(head), stylesheets=stylesheets)  # noqa: S704

    def render(self, name: str, *, title: str, livets_head: Markup, view: Markup) -> str:
        """The document. Raises ConfigError when there is no layout of that name."""
        try:
            layout = self._environment.get_template(name)
        except TemplateNotFound as error:
            raise ConfigError(f"there is no layout {error.name!r} in the template directories") from None
        return layout.render(title=title, livets_head=livets_head, view=view)


def root(html: str, *, token: str, fingerprint: str, socket: str, wire: str, shape: Markup) -> Markup:
    """The view's element and its shape, as docs/protocol.md describes them."""
    return Markup(
        '<div id="livets" data-livets="{}" data-fp="{}" data-socket="{}" data-wire="{}">{}</div>\n'
        '<script type="application/json" id="livets-shape">{}</script>'
    ).format(token, fingerprint, socket, wire, Markup(html), shape)  # noqa: S704


def embedded_json(value: object) -> Markup:
    """JSON that can stand in a script element: nothing in it can end the element or change how it is read.

    A `<` matters there before `/`, `!--` and `script` only; everything else stays as short as it is.
    """
    text = msgspec.json.encode(value).decode().replace("</", "<\\/")
    return Markup(_MATTERS.sub(r"\\u003c", text))  # noqa: S704
