"""Constant inputs of nodes, as files hold them: values in JSON form, or references to inputs of the workflow."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.encoding import from_plain, to_plain
from livets.engine.errors import ValueFault
from livets.engine.values import check


class Reference(msgspec.Struct, frozen=True):
    """Stands for the workflow's input called `name`."""

    name: str


def read_constant(raw: Any) -> Any:
    """Return the value or Reference that `raw` stands for; raises ValueFault when it is malformed.

    >>> read_constant({"$input": "city"}), read_constant({"$bytes": "aGk="})
    (Reference(name='city'), b'hi')
    """
    if type(raw) is dict and set(raw) == {"$input"}:
        if not isinstance(raw["$input"], str):
            raise ValueFault('write {"$input": "name"}')
        return Reference(raw["$input"])
    value = from_plain(raw)
    check(value)
    return value


def write_constant(value: Any) -> Any:
    """Return the form of `value` (or Reference) that files hold."""
    if isinstance(value, Reference):
        return {"$input": value.name}
    check(value)
    return to_plain(value)
