"""What a view sees of the browser session that it belongs to (`self.session`).

It owns nothing: a read-only mapping over the session's data, and who is signed in. It comes from the request that
mounted or joined, never from a snapshot (D9).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final


class Visit(Mapping[str, Any]):
    """The session of a browser.

    >>> visit = Visit({"theme": "dark"}, "ada")
    >>> visit.user, visit["theme"], visit.get("language")
    ('ada', 'dark', None)
    """

    __slots__ = ("_data", "user")

    def __init__(self, data: Mapping[str, Any], user: str | None = None) -> None:
        self._data = data
        self.user = user
        """The id given to `app.login`; None for somebody who has not signed in."""

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> Visit:
        """A plain mapping (in tests) as a visit; its entry "user" is who is signed in."""
        return session if isinstance(session, Visit) else cls(session, session.get("user"))

    def __getitem__(self, name: str) -> Any:
        return self._data[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


NOBODY: Final = Visit(MappingProxyType({}))
"""The session of a view that nobody looks at."""
