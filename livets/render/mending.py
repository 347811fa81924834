"""What to write instead of what can't be split: a sentence for each reason that a region is opaque.

It owns these sentences; docs/templates.md has the same as a table. It never decides that something is opaque.
`OpaquePart.hint` asks it, for `livets check --slots`.
"""

from __future__ import annotations

import re
from typing import Final

_HINTS: Final = [
    (
        r"changes what|changes while|namespace",
        "compute it in the view, and give the template the result",
    ),
    (r"no space before />", "write a space there"),
    (r"joiner or cycler", "loop.first, loop.last and loop.cycle(…); or use it where it is made, in one element"),
    (r"^<\S+> is not closed", "write its end tag in front of the other one"),
    (r"is opened but not closed|closes an element that", "open and close it under the same condition, in the same row"),
    (r"in a branch$|ends inside an attribute|inside a branch", "put the condition around the whole element or value"),
    (r"^markup with a", "use the other quotes, or {{ value|tojson|forceescape }}"),
    (r"^a parser moves these elements|^a parser puts|^a parser allows|^a parser reads", (
        "nest as HTML allows: write <tbody> around rows, close each <p> before a block, no <div> in <p>, no <a> in <a>"
    )),
    (r"line end", "put an element first, or {{ value }} alone"),
    (r"^markup inside", "{{ value|tojson }} instead of |safe; or data-* attributes"),
    (r"^something dynamic inside <|^something dynamic in a tag|^a statement inside <", "use data-* attributes"),
    (r"tag's name", "write the name, with {% if %} around one element for each"),
    (r"names are not constant|name of an attribute|attribute \S+ twice|touch each other", (
        "write the names of the attributes, each once, with a space between them"
    )),
    (r"value with statements in it|unquoted value|a name set twice|lone <", "{% set %} it before, and quote it"),
    (r"recursive loop", "nest as many loops as the data has levels"),
    (r"break or continue", "{% for … if … %} instead of continue; cut the list in the view instead of break"),
    (r"include without context", "include it with context"),
    (r"include whose template|nobody knows yet|chooses what it includes", "name the file in the template"),
    (r"includes too deep|without end", "include less deep"),
    (r"reads a loop", "{% set index = loop.index %} before the include, and read that"),
    (r"call block", "call a macro of this file, or of one that is imported by a constant name"),
    (r"needs a macro or an import", "{% set %} what the macro gives before, or compute it in the view"),
    (r"self or super", "use a name that is set, or write the condition inside of the block"),
    (r"not scoped", "write {% block … scoped %}"),
    (r"block inside", "put the block outside of it"),
    (r"before it is set|set again after", "set the name first, and once"),
    (r"extend", "write one {% extends %} at the top, with its blocks outside of statements"),
    (r"translation function", "call it otherwise: _, gettext and the like are what {% trans %} uses"),
    (r"reads the context", "give the function what it needs as arguments"),
    (r"^\{% filter", "{{ value|filter }} where the values are"),
    (r"^\{% autoescape", "{{ value|safe }} where the values are"),
    (r"^\{% do", "compute it in the view"),
    (r" is rendered by Jinja2 as a whole", "keep it around as little as possible"),
    (r" in livets: |does not know|does not end", "please report it, with the template"),
]  # fmt: skip


def hint_for(reason: str) -> str:
    """What to write instead; empty when nothing is known.

    >>> hint_for("a recursive loop is rendered as a whole")
    'nest as many loops as the data has levels'
    """
    return next((hint for pattern, hint in _HINTS if re.search(pattern, reason)), "")
