"""Which radio button, check box or option a bound field chooses: two filters that `controls` calls under their names.

Owns how a value of Python looks as the text of a control's `value`; the connector has the same rule (`selects` in
controls.js). Knows nothing of templates. The environment registers the filters.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

CHOSEN_FILTER: Final = "ts_chosen"
TICKED_FILTER: Final = "ts_ticked"


def is_chosen(held: Any, choice: Any) -> bool:
    """Whether a field that holds `held` chooses the option or radio button with the value `choice`.

    >>> is_chosen("b", "b"), is_chosen(2, "2"), is_chosen(True, "true"), is_chosen(None, ""), is_chosen(None, "a")
    (True, True, True, True, False)
    >>> is_chosen(["a", "c"], "c"), is_chosen([1, 2], "3")
    (True, False)
    """
    text = _text(choice)
    if isinstance(held, list | tuple | set | frozenset):
        return any(_text(each) == text for each in held)
    return _text(held) == text


def is_ticked(held: Any, choice: Any) -> bool:
    """The same for a check box with a value: a field that holds no list may say it by True or False.

    >>> is_ticked(["a"], "a"), is_ticked(True, "a"), is_ticked(False, "false")
    (True, True, False)
    """
    return held if isinstance(held, bool) else is_chosen(held, choice)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return _text(value.value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


FILTERS: Final = {CHOSEN_FILTER: is_chosen, TICKED_FILTER: is_ticked}
