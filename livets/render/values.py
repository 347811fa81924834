"""What generated code calls while it runs: outputs to scalars, escaping, attribute access.

It owns the meaning of a value on the wire: a str, or an int of exactly that type below 2**53. It never
raises for ordinary values; markup in a text slot raises Promoted, which the rendering answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import iscoroutine
from typing import Any, Final

import jinja2
import markupsafe

from livets.render.entities import tidy

NOTHING: Final[Any] = object()
"""No change: the answer of slots that have nothing to send."""

NO_BRANCH: Final = (-1, ())
"""The value of an IF slot that shows nothing."""

LARGEST: Final = 2**53
_SPECIAL: Final = re.compile("[<>&\"']")
_DICT_ATTRIBUTES: Final = frozenset(dir(dict))


Site = int | tuple[int, str]
"""What rendering can tell: the number of an output that is markup; a place and the template that it chooses; an output
and the quote in it that ends its attribute."""


class Promoted(Exception):
    """Only rendering could tell: the template has to be compiled with `site`, then everything starts again."""

    def __init__(self, site: Site) -> None:
        super().__init__(f"the template is to be compiled again for {site}")
        self.site = site


def _is_markup(value: Any) -> bool:
    """True for markup that is not the same as text: translations are Markup, and hardly ever have any in them."""
    return hasattr(value, "__html__") and (type(value) is not markupsafe.Markup or _SPECIAL.search(value) is not None)


def scalar(value: Any, site: int) -> int | str:
    """An output as a scalar, with Jinja2's meaning. Raises Promoted for markup."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is int and -LARGEST < value < LARGEST:
        return value  # type: ignore[no-any-return]
    if _is_markup(value):
        raise Promoted(site)
    if iscoroutine(value):
        value.close()
        raise TypeError(
            "the value of this output is a coroutine: templates do not wait; await it in mount or in the handler, "
            "and give the template the result"
        )
    text = str(value)
    return text if type(text) is str else str.__str__(text)


def text(value: Any, site: int) -> str:
    """An output as text. Raises Promoted for markup."""
    return value if type(value) is str else str(scalar(value, site))


def source(value: Any) -> str:
    """An output as HTML source, exactly as Jinja2 writes it."""
    return str(markupsafe.escape(value))


def source_text(value: Any, site: int) -> str:
    """An output as HTML source that must be text. Raises Promoted for markup."""
    if _is_markup(value):
        raise Promoted(site)
    return str(markupsafe.escape(value))


def within(value: str, site: int, quote: str) -> str:
    """The source of an attribute in quotes. Raises Promoted for markup that has the quote in it, which ends it."""
    if quote in value:
        raise Promoted((site, quote))
    return value


def wire_text(value: int | str) -> int | str:
    """A scalar as the browser's parser would have read it."""
    if type(value) is str and ("\r" in value or "\0" in value):
        return tidy(value)
    return value


def trimmed(value: int | str) -> int | str:
    """The same at the start of a <pre> or <textarea>, where a parser drops one line end."""
    value = wire_text(value)
    return value[1:] if isinstance(value, str) and value.startswith("\n") else value


def same(old: Any, new: Any) -> bool:
    """True when two scalars show the same."""
    return bool(old == new) or (type(old) is not type(new) and str(old) == str(new))


def attribute_reader(environment: jinja2.Environment) -> Callable[[Any, str], Any]:
    """`environment.getattr`, faster for dicts."""
    slow, undefined = environment.getattr, environment.undefined

    def read(value: Any, name: str) -> Any:
        if type(value) is dict and name not in _DICT_ATTRIBUTES:
            try:
                return value[name]
            except KeyError:
                return undefined(obj=value, name=name)
        return slow(value, name)

    return read


def name_reader(environment: jinja2.Environment) -> Callable[[str], Any]:
    """What a name means that the scope does not know: a global, or undefined."""
    table, undefined = environment.globals, environment.undefined

    def read(name: str) -> Any:
        found = table.get(name, NOTHING)
        return undefined(name=name) if found is NOTHING else found

    return read


escaped: Callable[[str], str]
"""Text as HTML source."""
try:
    from markupsafe._speedups import _escape_inner as escaped
except ImportError:  # pragma: no cover - markupsafe without its C part

    def escaped(value: str) -> str:
        """Text as HTML source."""
        return str(markupsafe.escape(value))
