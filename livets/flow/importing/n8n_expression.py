"""n8n's `={{ ... }}` as JMESPath over what transform.compute sees. Paths and texts map; other JavaScript does not.

Knows nothing of nodes: names of other nodes are collected in `others`, and who calls says what they are called here.
"""

from __future__ import annotations

import json
import re
from typing import Any

from livets.flow.importing.drawing import Unmapped

_NAME = r"[A-Za-z_$][\w$]*"
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'"
_OTHER = re.compile(
    rf"""\$node\[(?P<a>{_QUOTED})\]\.json|\$node\.(?P<b>{_NAME})\.json|\$items\((?P<d>{_QUOTED})\)\[0\]\.json"""
    rf"""|\$\((?P<c>{_QUOTED})\)\.(?P<how>item|first\(\)|last\(\))\.json"""
)
_OWN = re.compile(r"\$json(?![\w$])|\$input\.item\.json(?![\w$])")
_STEP = re.compile(rf"\??\.(?P<name>{_NAME})(?!\s*\()|(?:\?\.)?\[\s*(?:(?P<quoted>{_QUOTED})|(?P<place>-?\d+))\s*\]")
_PART = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def is_expression(value: Any) -> bool:
    """Return whether a parameter is computed: text that begins with `=`."""
    return isinstance(value, str) and value.startswith("=")


class Expressions:
    """Translates expressions of one node. `others`: name of another node -> key here; `remarks` say what differs."""

    def __init__(self, known: Any) -> None:
        self._known = known
        self.others: dict[str, str] = {}
        self.remarks: list[str] = []

    def translate(self, value: str) -> str:
        """Return the JMESPath of a parameter that begins with `=`; raises Unmapped naming what is not understood.

        >>> Expressions(lambda name: None).translate("=Hi {{ $json.name }}")
        'join(`""`, [`"Hi "`, to_string(not_null(item."name", `""`))])'
        """
        text = value[1:]
        parts: list[str] = []
        at = 0
        for match in _PART.finditer(text):
            if match.start() > at:
                parts.append(literal(text[at : match.start()]))
            found = self._one(match[1].strip())
            if match.start() == 0 and match.end() == len(text):
                return found
            parts.append(f'to_string(not_null({found}, `""`))')
            at = match.end()
        if at < len(text):
            parts.append(literal(text[at:]))
        return (
            parts[0] if len(parts) == 1 and at == 0 else f'join(`""`, [{", ".join(parts)}])' if parts else literal("")
        )

    def path(self, value: Any) -> str | None:
        """Return our path of an expression that is one path into the item itself, else None."""
        if not is_expression(value):
            return None
        match = _PART.fullmatch(value[1:].strip())
        own = _OWN.match(match[1].strip()) if match else None
        if match is None or own is None:
            return None
        rest = match[1].strip()[own.end() :]
        steps = _steps(rest)
        return None if steps is None else our_path(steps)

    def _one(self, code: str) -> str:
        if "??" in code:
            return f"not_null({', '.join(self._one(part.strip()) for part in code.split('??'))})"
        if code == "$itemIndex":
            return "index"
        if re.fullmatch(rf"{_QUOTED}|-?\d+(\.\d+)?|true|false|null", code):
            return literal(_unquoted(code) if code[0] in "\"'" else json.loads(code))
        for ending, call in ((".length", "length"), (".toString()", "to_string")):
            if code.endswith(ending) and code.startswith("$"):
                return f"{call}({self._one(code.removesuffix(ending))})"
        own, other = _OWN.match(code), _OTHER.match(code)
        match = own or other
        steps = _steps(code[match.end() :]) if match else None
        if match is None or steps is None:
            raise Unmapped(f"the expression {{{{ {code[:120]} }}}} is JavaScript that is not run here")
        base = "item" if own else self._other(match)
        return base + "".join(f"[{step}]" if isinstance(step, int) else f".{json.dumps(step)}" for step in steps)

    def _other(self, match: re.Match[str]) -> str:
        quoted = match["a"] or match["c"] or match["d"]
        name = _unquoted(quoted) if quoted else match["b"]
        key = self._known(name)
        if key is None:
            raise Unmapped(f"its expression reads {name!r}, which does not come before it, or not in its loop")
        self.others[name] = key
        if match["how"] in ("first()", "last()") or match["d"]:
            return f"others.{json.dumps(key)}[{-1 if match['how'] == 'last()' else 0}]"
        self.remarks.append(f"reads of {name!r} the item at the same place, or the first when it gave another number")
        return f"paired.{json.dumps(key)}"


def literal(value: Any) -> str:
    """Return a constant as JMESPath writes it."""
    return "`" + json.dumps(value).replace("`", "\\u0060") + "`"


def our_path(steps: list[str | int]) -> str | None:
    """Return steps as a path of conditions, or None when such a path cannot say them."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step or re.search(r"[.\[\]]", step):
            return None
        else:
            text += f".{step}" if text else step
    return text


def _steps(rest: str) -> list[str | int] | None:
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None or match["name"] in ("length", "constructor", "__proto__"):
            return None
        steps.append(int(match["place"]) if match["place"] else match["name"] or _unquoted(match["quoted"]))
        at = match.end()
    return steps


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
