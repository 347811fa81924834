"""Redis does not answer: said once in the log, not at every try.

It owns that one bit. Called by whoever talks to the store.
"""

from __future__ import annotations

import logging

_log = logging.getLogger("livets.presence")


class Outage:
    """The time in which other workers cannot be reached."""

    __slots__ = ("_is_known",)

    def __init__(self) -> None:
        self._is_known = False

    def seen(self, error: Exception) -> None:
        """Something has failed by it."""
        if not self._is_known:
            self._is_known = True
            _log.warning("who is present at other workers is not known now: %s", error)

    def over(self) -> None:
        """Something has worked."""
        self._is_known = False
