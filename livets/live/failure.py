"""What a browser and the log are told when application code fails.

It owns the wording, and what a developer is shown: the traceback, the state before, the event, all bounded and without
what its name says is secret. It never sends anything. Called by `transaction`, `beside`,
`commit` and `runner`.
"""

from __future__ import annotations

import logging
import re
import reprlib
import secrets
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from livets.errors import LivetsError
from livets.wire import codes

if TYPE_CHECKING:
    from livets.live.declaration import Declared
    from livets.wire import Event

_log = logging.getLogger("livets")

MAX_TRACEBACK_CHARACTERS: Final = 16 * 1024
MAX_STATE_CHARACTERS: Final = 8 * 1024
"""Of the whole dump; what does not fit is left out and said to be."""
_MAX_VALUE_CHARACTERS: Final = 500
_SECRET: Final = re.compile(
    r"pass(word|wd|phrase)|secret|token|api_?key|credential|cookie|authori[sz]ation|\bpin\b", re.I
)
_CAUSES: Final = (
    "Either a field was changed where livets could not see it (through a reference kept from before the event: say "
    'self.touch("name")), or the template depends on something besides fields, or this is a bug in livets.'
)
_HIDDEN: Final = "(secret)"
_HOME: Final = str(Path(__file__).resolve().parent.parent)


class Failure(NamedTuple):
    """Why an event came to nothing."""

    code: str
    """One of `wire.codes`."""
    message: str
    """For the visitor; in production it has no more than a number that is found in the log."""
    extra: dict[str, Any] | None = None
    """Development only: "id", "traceback", "event" and "state"."""


def failed(code: str, error: BaseException, *, what: str, dev: bool, event: Event | None = None) -> Failure:
    """Log `error` once with its traceback and a number; returns what to tell the browser."""
    number = secrets.token_hex(4)
    _log.error("%s failed [%s]", what, number, exc_info=error)
    if not dev:
        return Failure(code, f"Something went wrong on our side (error {number}).")
    extra = {"id": number, "traceback": trace(error), "event": None if event is None else described(event)}
    words = f"{type(error).__name__}: {error}"[:_MAX_VALUE_CHARACTERS]
    return Failure(code, f"{what}: {words} (error {number})", extra)


def unlike(found: str, *, what: str) -> Failure:
    """Development: log once that a page was not what its state looks like; returns what to tell the browser."""
    number = secrets.token_hex(4)
    text = f"{found}\n{_CAUSES}\n{what}: a patch did not make the page what a fresh render shows; it was sent whole."
    _log.error("a wrong patch [%s]\n%s", number, text)
    message = f"{what}: a patch did not make the page what a fresh render shows (error {number})"
    return Failure(codes.WRONG_PATCH, message, {"id": number, "traceback": text, "event": None})


def trace(error: BaseException) -> str:
    """The traceback from the first line that is not livets' own; all of it if there is none."""
    shown = traceback.TracebackException.from_exception(error)
    if isinstance(error, LivetsError):
        shown.stack = ended(shown.stack)
    frames = list(shown.stack)
    foreign = [at for at, frame in enumerate(frames) if not _is_own(frame.filename)]
    if foreign:
        shown.stack = traceback.StackSummary.from_list(frames[foreign[0] :])
    text = "".join(shown.format()).strip()
    if len(text) > MAX_TRACEBACK_CHARACTERS:
        half = MAX_TRACEBACK_CHARACTERS // 2
        text = f"{text[:half]}\n    [...]\n{text[-half:]}"
    return text


def ended(stack: traceback.StackSummary) -> traceback.StackSummary:
    """Frames up to the last that is not livets' own: what livets raises on purpose is about the line that called it."""
    frames = list(stack)
    while frames and _is_own(frames[-1].filename):
        frames.pop()
    return traceback.StackSummary.from_list(frames) if frames else stack


def described(event: Event) -> dict[str, Any]:
    """An event for a developer's eyes."""
    return {
        "handler": event.handler,
        "args": [_short(value) for value in event.args],
        "payload": _masked(
            {name: value for name, value in _flat(event.payload).items() if name not in ("form", "named", "data")}
        ),
        "form": _masked(form) if isinstance(form := event.payload.get("form"), dict) else {},
        "fields": _masked(event.fields),
    }


def state(view: Declared) -> dict[str, str]:
    """The declared fields of a view for a developer's eyes; those declared `field(secret=True)` stay hidden."""
    values = view.__dict__
    dump: dict[str, str] = {}
    left = MAX_STATE_CHARACTERS
    for name, field in view.__livets__.fields.items():
        if name not in values or (name == "title" and not values[name]):
            continue
        if left <= 0:
            dump["..."] = "more fields than fit here"
            break
        dump[name] = _HIDDEN if field.secret or _SECRET.search(name) else _short(values[name])
        left -= len(name) + len(dump[name])
    return dump


def _flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload with the element's `data-…` and `ts-value:…` beside the rest: their names are looked at, too."""
    groups = [group for name in ("data", "named") if isinstance(group := payload.get(name), dict)]
    return {**payload, **{name: value for group in groups for name, value in group.items()}}


def _masked(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _HIDDEN if _SECRET.search(name) else _short(value) for name, value in values.items()}


class _Short(reprlib.Repr):
    """Values cut at their fourth level and tenth entry; what cannot be shown is named."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxdeque = 10
        self.maxstring = self.maxother = self.maxlong = _MAX_VALUE_CHARACTERS

    def repr_dict(self, value: dict[Any, Any], level: int) -> str:
        return super().repr_dict(
            {key: _Hidden() if _SECRET.search(str(key)) else entry for key, entry in value.items()}, level
        )


class _Hidden:
    def __repr__(self) -> str:
        return _HIDDEN


_SHORT: Final = _Short()


def _short(value: Any) -> str:
    try:
        text = _SHORT.repr(value)
    except Exception as error:
        return f"<{type(value).__name__} whose repr() raises {type(error).__name__}>"
    return text if len(text) <= _MAX_VALUE_CHARACTERS else f"{text[:_MAX_VALUE_CHARACTERS]}..."


def _is_own(filename: str) -> bool:
    return filename.startswith(_HOME) or "/asyncio/" in filename or "/concurrent/futures/" in filename
