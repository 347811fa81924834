"""Random frames for the fuzz: right ones, nearly right ones, and none at all, as JSON and as msgpack."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from tests.integration.transport.harness import Browser

NAMES = [
    "add", "show", "save", "edit", "remove", "finish", "undo", "send", "typing", "type", "rename", "increment",
    "@params", "", " ", "mount", "render", "__init__", "__class__", "_live", "state", "set_state", "handle_event",
    "todos.clear", "add(1)", "add('x', 1)", "add(", "add)", "add(1,)", "add([[[[]]]])", "add(NaN)", "ad\u200bd", "ADD",
    "x" * 5_000,    "add\n", "add\0", "%s%s", "{0}", "../../etc", "\u202eadd", "@event", "@heal", "@", "(1)",
]  # fmt: skip
FIELDS = [
    "draft", "name", "title", "text", "show", "todos", "messages", "count", "editing", "me", "__class__", "__dict__",
    "_live", "draft.x", "draft[0]", "", "x" * 500, "template", "session", "people.x.name", "removed", "undo_timer",
]  # fmt: skip
PAYLOAD = ["value", "checked", "key", "id", "done", "form"]
NUMBERS = [0, 1, -1, 2, 31, 32, 64, 255, 2**31, 2**32, 2**53, 2**63 - 1, 2**64 - 1, -(2**31), -(2**63)]
TEXTS = [
    "", "x", "1", "true", "null", "a" * 3_000, "\0", "\n\r\x1b[2J", "'; drop table todos; --", "<script>x()</script>",
    "{{ 7*7 }}", "%n%s", "\u202e\u2028", "\U0001f600" * 50, "../../etc/passwd", "__proto__", "1e400", "NaN", "٣",
    "javascript:x()", "/todo?show=done", "/todo?show=nothing", "//evil", "/chat/nowhere", "?" * 4_000, "#",
]  # fmt: skip
RAW = [
    b"",
    b"\xc1",
    b"\xff" * 9,
    b"\x91" * 5_000,
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xc7\x01\x05x",
]


class Frames:
    """A source of frames; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def next(self, ref: int, user: Browser) -> bytes | str:
        """Something to send on a socket whose next event would be `ref`."""
        dice = self.dice
        message = self._message(ref, user)
        if dice.random() < 0.06:
            message[dice.randrange(len(message))] = self._value(3)
        if dice.random() < 0.03:
            message = [*message, self._value(2)] if dice.random() < 0.5 else message[:-1]
        raw: bytes | str = self._encoded(message)
        roll = dice.random()
        if roll < 0.01:
            return dice.choice(RAW)
        if roll < 0.06:
            return self._mutated(raw)
        return raw

    def _message(self, ref: int, user: Browser) -> list[Any]:
        dice = self.dice
        match dice.randrange(40):
            case 0:
                return [2, dice.choice([user.seen, 1, *NUMBERS])]
            case 4 | 5 | 6 | 7 | 8:
                return [
                    4,
                    0 if dice.random() < 0.9 else dice.choice([1, 7, *NUMBERS]),
                    [self._step() for _ in range(dice.randrange(5))],
                ]
            case 1:
                token = dice.choice([user.token, user.secret, user.token[:-2], "x"])
                return [0, dice.choice([0, 1, 2, 49, 50, -1]), token, dice.choice(TEXTS)]
            case 2:
                secret = dice.choice([user.secret, user.token, "", "x"])
                seen, done = dice.choice([user.seen, *NUMBERS]), dice.choice([0, ref - 1, *NUMBERS])
                return [3, dice.choice([0, 1, 50]), dice.choice([user.id, "x", ""]), secret, "/", seen, done, ""]
            case _:
                handler = dice.choice(NAMES if dice.random() < 0.5 else NAMES[:13])
                args = [self._value(4) for _ in range(dice.randrange(4))]
                payload = {
                    dice.choice(["value", "checked", "key", "id", "done", "form"]): self._value(3) for _ in range(2)
                }
                fields = {dice.choice(FIELDS): self._value(2)} if dice.random() < 0.4 else {}
                seen = dice.choice([0, user.seen]) if dice.random() < 0.98 else dice.choice(NUMBERS)
                return [
                    1,
                    ref if dice.random() < 0.95 else dice.choice(NUMBERS),
                    0,
                    handler,
                    args,
                    payload,
                    fields,
                    seen,
                ]

    def _step(self) -> Any:
        return self.dice.choice([*range(8), *NUMBERS, "k", "k~2", "", "__proto__", *TEXTS[:4]])

    def _value(self, depth: int) -> Any:
        dice = self.dice
        roll = dice.randrange(10)
        if roll < 4:
            return dice.choice(TEXTS)
        if roll < 6:
            return dice.choice(NUMBERS)
        if roll == 6:
            return dice.choice([None, True, False, 0.5, -0.0, 1e308, 5e-324])
        if depth == 0:
            deep: Any = []
            for _ in range(dice.choice([1, 1, 4, 4, 12, 200])):
                deep = [deep] if dice.random() < 0.5 else {"a": deep}
            return deep
        if roll < 9:
            return [self._value(depth - 1) for _ in range(dice.randrange(4))]
        return {dice.choice(TEXTS): self._value(depth - 1) for _ in range(dice.randrange(3))}

    def _encoded(self, message: list[Any]) -> bytes | str:
        if self.dice.random() < 0.5:
            text = msgspec.json.encode(message).decode()
            for odd in ("NaN", "Infinity", "1e999", "-0", "9" * 400, '"\\ud800"', "[" * 300):
                if self.dice.random() < 0.02:
                    text = text.replace("0.5", odd).replace("null", odd, 1)
            return text
        return msgspec.msgpack.encode(message)

    def _mutated(self, raw: bytes | str) -> bytes | str:
        dice, data = self.dice, bytearray(raw.encode() if isinstance(raw, str) else raw)
        for _ in range(dice.randint(1, 4)):
            at = dice.randrange(len(data) + 1)
            match dice.randrange(3):
                case 0:
                    data[at : at + 1] = bytes([dice.randrange(256)])
                case 1:
                    del data[at : at + dice.randint(1, 5)]
                case _:
                    data[at:at] = data[at : at + dice.randint(1, 9)]
        return data.decode("utf-8", "replace") if isinstance(raw, str) else bytes(data)
