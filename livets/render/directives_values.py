"""What `ts-class`, `ts-show` and `ts-bind` write: two filters that templates call under names of their own.

It owns the meaning of False, None, True and text as attributes, and of dicts and lists as classes. It never looks at
a template. `directives` writes calls of these filters; the environment registers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jinja2.runtime import Undefined
from markupsafe import Markup, escape

from livets.render.guards import URL_ATTRIBUTES, url

ATTRIBUTE_FILTER: Final = "ts_attribute"
CLASS_FILTER: Final = "ts_class"

BOOLEAN: Final = frozenset(
    [
        "allowfullscreen", "async", "autofocus", "autoplay", "checked", "controls", "default", "defer", "disabled",
        "formnovalidate", "hidden", "inert", "ismap", "itemscope", "loop", "multiple", "muted", "nomodule",
        "novalidate", "open", "playsinline", "readonly", "required", "reversed", "selected",
    ]
)  # fmt: skip
"""Attributes that mean true when they are there: any false value leaves them out."""
_TRUE_OR_FALSE: Final = frozenset({"contenteditable", "draggable", "spellcheck"})


def attribute_source(value: Any, name: str, *, place: str = "ts-bind") -> Markup:
    """A bound attribute with a space before it, or nothing; `place`: where it stands, for one that is a URL.

    >>> attribute_source("a & b", "title"), attribute_source(True, "data-on"), attribute_source(None, "title")
    (Markup(' title="a &amp; b"'), Markup(' data-on'), Markup(''))
    >>> attribute_source(0, "disabled"), attribute_source(False, "aria-expanded")
    (Markup(''), Markup(' aria-expanded="false"'))
    """
    return Markup(_source(value, name, place))  # noqa: S704 - names are the template's own, values are escaped below


def _source(value: Any, name: str, place: str) -> str:
    if name in BOOLEAN:
        return f" {name}" if value else ""
    if value is None or (isinstance(value, Undefined) and not value):
        return ""
    if value is True or value is False:
        if name in _TRUE_OR_FALSE or name.startswith("aria-"):
            return f' {name}="{str(value).lower()}"'
        return f" {name}" if value else ""
    if name in URL_ATTRIBUTES:
        value = url(value, place=place)
    return f' {name}="{str(escape(value)).replace(chr(34), "&#34;")}"'


def class_source(value: Any, lead: str = "") -> str:
    """Class names separated by spaces; `lead` comes before them if there are any.

    >>> class_source({"active": True, "big": False}), class_source(["a", {"b": 1}, None], " ")
    ('active', ' a b')
    """
    names = " ".join(dict.fromkeys(_classes(value)))
    return lead + names if names else ""


def _classes(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, is_on in value.items():
            if is_on:
                yield from str(name).split()
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _classes(part)
    elif value is not None and not isinstance(value, bool):
        yield from str(value).split()


FILTERS: Final = {ATTRIBUTE_FILTER: attribute_source, CLASS_FILTER: class_source}
