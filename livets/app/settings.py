"""The settings of one application: what its constructor was given over what the environment says.

It owns that order and the words for a setting that does not exist. Called by `application`.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from livets.config import Config
from livets.errors import ConfigError

_ARGUMENTS = (
    "secret_key",
    "wire",
    "lifespan",
    "template_globals",
    "template_filters",
    "template_tests",
    "template_extensions",
)
"""Those of LiveTS that are no fields of Config."""


def several(value: str | Path | Sequence[str | Path]) -> tuple[Any, ...]:
    return (value,) if isinstance(value, (str, Path)) else tuple(value)


def settings_over(base: Config, **changes: Any) -> Config:
    """`base` with those changes that are not None. Raises ConfigError for a setting that does not exist."""
    try:
        return replace(base, **{name: value for name, value in changes.items() if value is not None})
    except TypeError:
        known = {each.name for each in fields(Config)}
        wrong = min(name for name in changes if name not in known)
        near = difflib.get_close_matches(wrong, [*known, *_ARGUMENTS], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted({*known, *_ARGUMENTS}))}"
        raise ConfigError(f"LiveTS({wrong}=…): there is no such setting; {hint}") from None
