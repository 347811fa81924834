"""Values at places of a template where escaping does not make them safe: four filters, called under names of their own.

It owns what such a value becomes: a `javascript:` URL becomes an address that leads nowhere, a value among attributes
can't have an `=`, a part of a name only letters, digits and `-_.:`. It never looks at a template: `guarding` finds the
places and writes the calls. What is plain and harmless passes as it is, so numbers stay numbers.
"""

from __future__ import annotations

import html
import re
from typing import Any, Final

from jinja2.filters import do_xmlattr
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from markupsafe import Markup, escape

URL_FILTER: Final = "ts_url"
ATTRIBUTES_FILTER: Final = "ts_attributes"
NAME_FILTER: Final = "ts_name"

BLOCKED_URL: Final = "about:invalid#livets-blocked"
"""Stands where a URL would have been a program."""
BLOCKED_NAME: Final = "livets-blocked"

URL_ATTRIBUTES: Final = frozenset(["href", "src", "action", "formaction", "data", "xlink:href"])
_PROGRAM: Final = re.compile(r"(?:java|vb|live)script:", re.IGNORECASE)
_IGNORED: Final = re.compile(r"[\t\n\r]")
_LEADING: Final = "".join(map(chr, range(0x21)))
_NO_PART_OF_NAMES: Final = re.compile(r"[^\w.:-]", re.ASCII)
_CODE_ATTRIBUTE: Final = re.compile(r"on|ts-|srcdoc$", re.IGNORECASE)
_CODE_ELEMENT: Final = frozenset(["script", "style", "iframe", "frame", "object", "embed", "base", "link", "meta"])


def is_program(url: str) -> bool:
    """Whether a browser would run this URL; it drops tabs, line ends and leading control characters before it looks.

    >>> is_program(" java\\tscript:alert(1)"), is_program("/javascript:"), is_program("https://example.com")
    (True, False, False)
    """
    return ":" in url and _PROGRAM.match(_IGNORED.sub("", url.lstrip(_LEADING)).lstrip(_LEADING)) is not None


def url(value: Any, lead: str = "", tail: str = "", is_later: bool = False) -> Any:
    """The value, or BLOCKED_URL. `lead`, `tail`: what the template has around it; `is_later`: another value is before.

    >>> url("/items"), url(7), url("JavaScript:alert(1)")
    ('/items', 7, 'about:invalid#livets-blocked')
    """
    if type(value) is int:
        return value
    text = html.unescape(str(value)) if hasattr(value, "__html__") else str(value)
    if is_program(f"{lead}{text}{tail}") or (is_later and ":" in re.split("[/?#]", text, maxsplit=1)[0]):
        return BLOCKED_URL
    return value


def attributes(value: Any) -> Any:
    """A value where attributes are written: markup as it is, text without the `=` that would give it a value.

    >>> attributes("disabled"), attributes("x onclick=alert(1)")
    ('disabled', Markup('x onclick&#61;alert(1)'))
    """
    if hasattr(value, "__html__"):
        return value
    text = str(value)
    return Markup(str(escape(text)).replace("=", "&#61;")) if "=" in text else value  # noqa: S704 - escaped


def name(value: Any, lead: str = "", is_tag: bool = False) -> Any:
    """A value in the name of an element or attribute, `lead` before it: only what names consist of, and no code.

    >>> name(2, "h", True), name("a b=c", "data-"), name("onclick"), name("script", "", True)
    (2, 'a-b-c', 'livets-blocked', 'livets-blocked')
    """
    if type(value) is int:
        return value
    text = _NO_PART_OF_NAMES.sub("-", str(value))
    whole = (lead + text).lower()
    is_code = whole in _CODE_ELEMENT if is_tag else _CODE_ATTRIBUTE.match(whole) is not None
    return BLOCKED_NAME if is_code else text


@pass_eval_context
def xmlattr(context: EvalContext, values: Any, autospace: bool = True) -> str:
    """Jinja2's filter, which refuses keys that are no names; this one also keys that are code, and URLs that are.

    Raises ValueError for such a key.
    """
    safe = {}
    for key, value in values.items():
        if _CODE_ATTRIBUTE.match(str(key)):
            raise ValueError(f"xmlattr: the attribute {key!r} would be code that comes from data")
        safe[key] = url(value) if value is not None and str(key).lower() in URL_ATTRIBUTES else value
    return do_xmlattr(context, safe, autospace)


FILTERS: Final = {URL_FILTER: url, ATTRIBUTES_FILTER: attributes, NAME_FILTER: name, "xmlattr": xmlattr}
