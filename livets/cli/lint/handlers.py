"""Events that nobody handles, arguments that do not fit, controls bound to fields that are not there.

Owns the comparison of what a template names with what its view declares. Runs once for every view that shows a
template, because each may declare other things.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from livets.cli.lint.finding import Finding
from livets.cli.lint.source import Element, Source
from livets.live import LiveView
from livets.live.arguments import Arguments, Converter
from livets.render.directives_scan import Attribute

_CALL = re.compile(r"\s*([^\s(]+)\s*(?:\((.*)\)\s*)?", re.DOTALL)
_STRING = re.compile(r"""(["'])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
_VALUE: Final = "\ue000"
"""Stands for a value that only the running page knows."""
_BARE = re.compile(rf"[^\s,\[\]{{}}:]*{_VALUE}[^\s,\[\]{{}}:]*")
_SENT = frozenset(["value", "checked", "key", "form", "detail", "data"])
"""What an event brings along by itself (docs/guide.md)."""
_CONTROLS = frozenset(["input", "select", "textarea", "button"])


def unhandled(source: Source, view: type[LiveView]) -> Iterator[Finding]:
    """What the template asks of `view` that it does not declare."""
    for element in source.elements:
        for attribute in element.tag.attributes:
            if attribute.name.startswith("ts-on:"):
                yield from _handler(source, view, element, attribute)
            elif attribute.name.partition(".")[0] == "ts-model":
                yield from _model(source, view, attribute)


def _handler(source: Source, view: type[LiveView], element: Element, attribute: Attribute) -> Iterator[Finding]:
    value, line = source.value(attribute), source.line(attribute.start)
    parts = source.parts(value)
    if any(kind == "statement" for kind, _ in parts):
        return  # which handler it is, only the running page knows
    text = "".join(_VALUE if kind == "output" else part for kind, part in parts)
    call = _CALL.fullmatch(text)
    event = attribute.name.partition(":")[2].partition(".")[0]
    if call is None or not text.strip():
        yield Finding(
            source.file, line, "bad-handler", f"{attribute.name}={value!r} does not name a handler",
            f'write ts-on:{event}="name" or "name(1, \'x\')"',
        )  # fmt: skip
        return
    name = call[1]
    if _VALUE in name or name.startswith("@"):
        return
    declared = view.__livets__.events
    if name not in declared:
        if view.handle_event is LiveView.handle_event:
            yield _unknown(source, view, line, name)
        return
    try:
        arguments = _literals(call[2] or "")
    except ValueError:
        yield Finding(
            source.file, line, "bad-arguments", f"the arguments of {name}({call[2]}) are not JSON".replace(_VALUE, "…"),
            "numbers, true, false, null, lists, or strings in quotes; expressions only inside {{ }}",
        )  # fmt: skip
        return
    yield from _arguments(source, line, name, declared[name].arguments, arguments, _names_sent(source, element, event))


def _unknown(source: Source, view: type[LiveView], line: int, name: str) -> Finding:
    label = view.__qualname__
    if callable(getattr(view, name, None)) and not name.startswith("_") and not hasattr(LiveView, name):
        return Finding(
            source.file, line, "unknown-event", f"{label}.{name} can't be called from the browser",
            f"mark it @event if anybody who sees the page may call it: @event above `def {name}`",
        )  # fmt: skip
    return Finding(
        source.file, line, "unknown-event", f"{label} has no event handler {name!r}",
        _meant(name, view.__livets__.events) or f"write it: @event and below it `async def {name}(self)`",
    )  # fmt: skip


def _arguments(
    source: Source, line: int, name: str, declared: Arguments, given: list[Any], sent: Collection[str] | None
) -> Iterator[Finding]:
    """Literals against annotations. `sent`: what else the event brings; None when that can't be known."""
    left = list(given)
    typed: list[tuple[str, Converter, Any]] = []
    for parameter in declared.parameters:
        if left and parameter.positional:
            typed.append((parameter.name, parameter.convert, left.pop(0)))
        elif parameter.required and sent is not None and parameter.name not in sent:
            yield Finding(
                source.file, line, "bad-arguments", f"{name}: the argument {parameter.name!r} is missing",
                f'write {name}(…), or ts-value:{parameter.name}="…", or give {parameter.name} a default',
            )  # fmt: skip
    if declared.rest is not None:
        typed += [("*", declared.rest, value) for value in left]
    elif left:
        takes = len(given) - len(left)
        yield Finding(
            source.file, line, "bad-arguments",
            f"{name} takes {takes} argument{'' if takes == 1 else 's'}, not {len(given)}",
            "take the others away, or add parameters",
        )  # fmt: skip
    for parameter_name, convert, value in typed:
        why = None if _is_open(value) else _misfit(convert, value)
        if why is not None:
            yield Finding(
                source.file, line, "bad-arguments",
                f"{name}: {json.dumps(value)} does not fit the parameter {parameter_name!r}: {why}",
                f"change the value, or the annotation of {parameter_name}",
            )  # fmt: skip


def _misfit(convert: Converter, value: Any) -> str | None:
    try:
        convert(value)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _model(source: Source, view: type[LiveView], attribute: Attribute) -> Iterator[Finding]:
    name = source.value(attribute).strip()
    if attribute.has_jinja or "." in name:
        return
    line, fields = source.line(attribute.start), view.__livets__.fields
    if name not in fields:
        example = f'declare it: `{name}: str = ""`' if name.isidentifier() else "write the name of a field"
        yield Finding(
            source.file, line, "unknown-field", f"{view.__qualname__} has no field {name!r} to bind",
            _meant(name, fields.keys() - {"title"}) or example,
        )  # fmt: skip
    elif view.__livets__.converter(name) is None:
        yield Finding(
            source.file, line, "unknown-field",
            f"{view.__qualname__}.{name} has a type that no control can write: {fields[name].kind}",
            "bind a field of plain values, and compute the rest in updated()",
        )  # fmt: skip


def _literals(text: str) -> list[Any]:
    """The arguments as the browser reads them; values of the running page as `_VALUE` inside. Raises ValueError."""

    def quoted(found: re.Match[str]) -> str:
        inner = re.sub(r"\\.|\"", lambda c: '\\"' if c[0] == '"' else "'" if c[0] == "\\'" else c[0], found[2])
        return f'"{inner}"'

    pieces, at = [], 0
    for found in _STRING.finditer(text):
        pieces += [_BARE.sub(f'"{_VALUE}"', text[at : found.start()]), quoted(found)]
        at = found.end()
    pieces.append(_BARE.sub(f'"{_VALUE}"', text[at:]))
    values: list[Any] = json.loads(f"[{''.join(pieces)}]")
    return values


def _is_open(value: Any) -> bool:
    """Whether a value (or a part of it) is known only to the running page."""
    return _VALUE in json.dumps(value, ensure_ascii=False)


def _names_sent(source: Source, element: Element, event: str) -> Collection[str] | None:
    """The names that the event brings; None when anything may come."""
    if event not in ("click", "input", "change", "keydown", "keyup", "submit", "focus", "blur"):
        return None
    names = set(_SENT)
    scope = [element, *_forms(element)] if event != "submit" else list(element.all())
    for around in scope:
        for attribute in around.tag.attributes:
            if attribute.name.startswith("ts-value:"):
                names.add(attribute.name[9:])
            elif attribute.name.startswith("data-"):
                names |= {attribute.name[5:], attribute.name[5:].replace("-", "_")}
    for control in (each for form in scope for each in (form.all() if form.name == "form" else (form,))):
        if control.name in _CONTROLS and (own := control.get("name")) is not None:
            if own.has_jinja:
                return None
            names.add(source.value(own))
    if event == "submit" and (element.name != "form" or "include" in source.text):
        return None  # its controls may stand elsewhere
    return names


def _forms(element: Element) -> Iterator[Element]:
    while element.parent is not None:
        element = element.parent
        if element.name == "form":
            yield element


def _meant(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"did you mean {near[0]!r}?" if near else ""
