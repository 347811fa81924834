"""Values at places of a template where escaping does not make them safe: filters, called under names of their own.

It owns what such a value becomes: a `javascript:` URL becomes an address that leads nowhere, a value among attributes
can't have an `=`, a part of a name only letters, digits and `-_.:`. Whenever it changes a value it says so once for
each place. It never looks at a template: `guarding` finds the places and writes the calls.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from jinja2.filters import do_xmlattr
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup, escape

URL_FILTER: Final = "ts_url"
VALUE_FILTER: Final = "ts_value"
ATTRIBUTES_FILTER: Final = "ts_attributes"
NAME_FILTER: Final = "ts_name"

BLOCKED_URL: Final = "about:invalid#livets-blocked"
"""Stands where a URL would have been a program."""
BLOCKED_NAME: Final = "livets-blocked"

URL_ATTRIBUTES: Final = frozenset(["href", "src", "action", "formaction", "data", "xlink:href"])
_PROGRAM: Final = re.compile(r"(?:java|vb|live)script:", re.IGNORECASE)
_SCHEMES: Final = ("javascript", "vbscript", "livescript")
_IGNORED: Final = re.compile(r"[\t\n\r]")
_LEADING: Final = "".join(map(chr, range(0x21)))
_MAY_BEGIN: Final = frozenset(_LEADING + "jJvVlL")
_NO_PART_OF_NAMES: Final = re.compile(r"[^\w.:-]", re.ASCII)
_CODE_ATTRIBUTE: Final = re.compile(r"on|ts-|srcdoc$", re.IGNORECASE)
_CODE_ELEMENT: Final = frozenset(["script", "style", "iframe", "frame", "object", "embed", "base", "link", "meta"])
_ENDS_VALUE: Final = re.compile(r"[ \t\n\r\f>]|^[\"']")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")

_log = logging.getLogger("livets")
_told: set[tuple[str, str]] = set()
_MOST_TOLD: Final = 1000
_SHOWN: Final = 60


def _tell(place: str, what: str, value: str, hint: str) -> None:
    """Say once for a place of a template that a value was changed there, and what to do about it."""
    if (place, what) in _told or len(_told) >= _MOST_TOLD:
        return
    _told.add((place, what))
    _log.warning("%s: %s: %.*r; %s", place, what, _SHOWN + 2, value[:_SHOWN], hint)


def is_program(url: str) -> bool:
    """Whether a browser would run this URL; it drops tabs, line ends and leading control characters before it looks.

    >>> is_program(" java\\tscript:alert(1)"), is_program("/javascript:"), is_program("https://example.com")
    (True, False, False)
    """
    if ":" not in url or url[0] not in _MAY_BEGIN:
        return False
    return _PROGRAM.match(_IGNORED.sub("", url.lstrip(_LEADING)).lstrip(_LEADING)) is not None


def _may_end_scheme(text: str) -> bool:
    """Whether `text`, behind another value, may be the rest of `javascript:`."""
    before, colon, _ = _IGNORED.sub("", text).partition(":")
    return bool(colon) and any(scheme.endswith(before.lower().lstrip(_LEADING)) for scheme in _SCHEMES)


def url(value: Any, lead: str = "", tail: str = "", is_later: bool = False, *, place: str = "a template") -> Any:
    """The value, or BLOCKED_URL. `lead`, `tail`: what the template has around it; `is_later`: another value is before.

    >>> url("/items"), url(7), url("JavaScript:alert(1)", place="page.html, line 3")
    ('/items', 7, 'about:invalid#livets-blocked')
    """
    if type(value) is str:
        if value and value[0] not in _MAY_BEGIN and not lead and not is_later:
            return value  # nearly all: /path, https://…
    elif type(value) is int:
        return value
    text = html.unescape(str(value)) if hasattr(value, "__html__") else str(value)
    if is_program(f"{lead}{text}{tail}") or (is_later and _may_end_scheme(text)):
        _tell(
            place, f"a URL that is a program was replaced by {BLOCKED_URL}", text,
            "let the URL begin with / or https:// in the template, or accept only http, https and mailto where it "
            "comes from; for a program of your own use ts-on:click",
        )  # fmt: skip
        return BLOCKED_URL
    return value


def unquoted(value: Any, *, place: str = "a template") -> Any:
    """A value that stands without quotes: what would end it there is written as character references.

    >>> unquoted("red"), unquoted("a onclick=b", place="page.html, line 4")
    ('red', Markup('a&#32;onclick=b'))
    """
    if type(value) is int:
        return value
    text = str(escape(value))
    if _ENDS_VALUE.search(text) is None or (hasattr(value, "__html__") and _QUOTED.fullmatch(text)):
        return value
    _tell(
        place,
        "a value without quotes would have ended too early",
        str(value),
        'write quotes around it: name="{{ value }}"',
    )
    return Markup(_ENDS_VALUE.sub(lambda found: f"&#{ord(found[0])};", text))  # noqa: S704 - escaped


def attributes(value: Any, *, place: str = "a template") -> Any:
    """A value where attributes are written: markup as it is, text without the `=` that would give it a value.

    >>> attributes("disabled"), attributes("x onclick=alert(1)", place="page.html, line 5")
    ('disabled', Markup('x onclick&#61;alert(1)'))
    """
    if hasattr(value, "__html__"):
        return value
    text = str(value)
    if "=" not in text:
        return value
    _tell(
        place, "the = of a text among attributes was escaped", text,
        "write the attribute's name into the template and only its value as a value; "
        "what is markup has to be markupsafe.Markup",
    )  # fmt: skip
    return Markup(str(escape(text)).replace("=", "&#61;"))  # noqa: S704 - escaped


def name(value: Any, lead: str = "", is_tag: bool = False, *, place: str = "a template") -> Any:
    """A value in the name of an element or attribute, `lead` before it: only what names consist of, and no code.

    >>> place = "page.html, line 6"
    >>> name(2, "h", True), name("a b=c", "data-", place=place), name("onclick"), name("script", "", True)
    (2, 'a-b-c', 'livets-blocked', 'livets-blocked')
    """
    if type(value) is int:
        return value
    text = str(value)
    if hasattr(value, "__html__") and text[:1].isspace():
        return value  # markup: attributes behind the name
    mended = _NO_PART_OF_NAMES.sub("-", text)
    whole = (lead + mended).lower()
    if whole in _CODE_ELEMENT if is_tag else _CODE_ATTRIBUTE.match(whole) is not None:
        mended = BLOCKED_NAME
    if mended == text:
        return value
    what = "an element" if is_tag else "an attribute"
    _tell(
        place, f"a value that can't be the name of {what} was replaced", lead + text,
        "write the names into the template, with {% if %} around them",
    )  # fmt: skip
    return mended


@pass_eval_context
def xmlattr(context: EvalContext, values: Mapping[str, Any], autospace: bool = True) -> str:
    """Jinja2's filter, which refuses keys that are no names; this one leaves out keys that are code, and guards URLs.

    Raises ValueError for a key that is no name, as Jinja2 does.
    """
    safe = {}
    for key, value in values.items():
        if _CODE_ATTRIBUTE.match(str(key)):
            _tell(
                "|xmlattr", "an attribute that would be code from data was left out", str(key),
                "write such an attribute into the template itself",
            )  # fmt: skip
            continue
        is_url = value is not None and str(key).lower() in URL_ATTRIBUTES
        safe[key] = url(value, place="|xmlattr") if is_url else value
    return do_xmlattr(context, safe, autospace)


FILTERS: Final = {
    URL_FILTER: url,
    VALUE_FILTER: unquoted,
    ATTRIBUTES_FILTER: attributes,
    NAME_FILTER: name,
    "xmlattr": xmlattr,
}
