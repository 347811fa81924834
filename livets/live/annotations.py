"""Annotations of classes and methods as types, also when they are strings or name something local.

Called at class creation by `fields` and `arguments`; never at run time.
"""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

from livets.errors import ConfigError


def resolve(thing: Any, owner: str) -> dict[str, Any]:
    """Type hints of a class or function. Raises ConfigError, naming `owner`, when a name cannot be found."""
    try:
        return typing.get_type_hints(thing, include_extras=True)
    except NameError as error:
        # Made inside a function: the names are in one of the frames that are making it.
        frame: types.FrameType | None = sys._getframe(1)
        while frame is not None:
            try:
                return typing.get_type_hints(thing, localns=frame.f_locals, include_extras=True)
            except NameError:
                frame = frame.f_back
        raise ConfigError(
            f"{owner}: an annotation cannot be understood: {error}. "
            f"Import the type at run time (not under TYPE_CHECKING) and declare it before the class."
        ) from None


def alternatives(kind: Any) -> frozenset[Any]:
    """The members of a union, or the type itself, without their Annotated constraints."""
    kind = _bare(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return frozenset(_bare(part) for part in typing.get_args(kind))
    return frozenset({kind})


def _bare(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
