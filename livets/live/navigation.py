"""Where a view is: its URL, which URLs it may go to without leaving, and the way to any other.

It owns these rules and what of them waits for the commit. The URL is kept in the view's notes, so a snapshot knows it
and a failed handler takes it back. It calls no hook but `handle_params` and never writes to a socket: `display` sends
what `move` says. Which view answers a path is transport's business (`Places`), what a URL may look like `address`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import unquote

from livets.errors import EventRefused, NavigationError
from livets.live.address import elsewhere, of_site, pairs_of
from livets.live.calling import call
from livets.live.declaration import Declared
from livets.live.move import Mode, Move
from livets.live.system import System
from livets.wire import codes

EVENT: Final = "@params"
"""The reserved handler name under which a browser says that it goes to another URL of the same view."""
_MAX_TURNS: Final = 8
"""`handle_params` may send the view on to another URL, but not for ever."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Places(Protocol):
    """The routes of the application (`transport.routes`)."""

    def find(self, path: str) -> tuple[type, Mapping[str, Any]] | None:
        """The view class at a decoded path below the application's mount point, and its path parameters."""

    def url_for(self, target: str | type, values: Mapping[str, Any]) -> str:
        """The URL below the mount point of a route, by name or view class. Raises NavigationError."""

    def static(self, name: str) -> str:
        """The hashed URL below the mount point of one of the application's files. Raises NavigationError."""


class Noted(Protocol):
    """The part of a view's bond that is looked at here."""

    @property
    def system(self) -> System:
        """The view's notes; the URL is one of them."""


class Placed(Declared, Protocol):
    """Whose place it is (`view.LiveView`)."""

    @property
    def _live(self) -> Noted:
        """Its bond."""

    def handle_params(self, *_args: Any, **_query: Any) -> Any:
        """The hook."""


class Location:
    """The place of one view."""

    __slots__ = ("_parsed", "_path", "_places", "_view", "due", "move", "prefix", "start")

    def __init__(self, view: Placed) -> None:
        self._view = view
        self._places: Places | None = None
        self.start = "/"
        self._path = _NOTHING
        self.prefix = ""
        """The application's mount point."""
        self.move: Move | None = None
        self.due = False
        """True when the URL has changed in this unit of work, and `handle_params` has not been called with it."""
        self._parsed: tuple[str, Mapping[str, Any], Mapping[str, Any]] | None = None
        """The URL that was asked about last, its path parameters, and these with the query."""

    def begin(self, start: str, path: Mapping[str, Any], places: Places | None, prefix: str) -> None:
        """The view begins here. `start`: path below the mount point, and query, of the page; `path`: its parameters."""
        self.start, self._path, self._places, self.prefix = start, path, places, prefix

    def of(self, view: Placed | None) -> Location:
        """The place, now that of the same view as another object; None while it sleeps, when nobody asks."""
        self._view = view  # type: ignore[assignment]
        return self

    # What the view is told

    @property
    def url(self) -> str:
        """Path below the mount point, and query, of where the view is now."""
        return self._view._live.system.notes.url or self.start

    @property
    def uri(self) -> str:
        """Path and query as the browser's address bar shows them."""
        return self.prefix + self.url

    @property
    def params(self) -> Mapping[str, Any]:
        """Path parameters and, behind them, the query's values as they are (the last one of each name)."""
        return self._parse()[2]

    @property
    def path(self) -> Mapping[str, Any]:
        """Path parameters alone."""
        return self._path if self._parsed is None and self.url == self.start else self._parse()[1]

    def url_for(self, target: str | type, values: Mapping[str, Any]) -> str:
        """The URL of a route, as browsers need it. Raises NavigationError."""
        if self._places is None:
            raise NavigationError("url_for(): this view runs without an application, so there are no routes")
        return self.prefix + self._places.url_for(target, values)

    def static(self, name: str) -> str:
        """The URL of one of the application's files, as browsers need it. Raises NavigationError."""
        if self._places is None:
            raise NavigationError("static(): this view runs without an application, so there are no static files")
        return self.prefix + self._places.static(name)

    # Going elsewhere

    def patch(self, url: str, *, replace: bool) -> None:
        """Go to another URL of this view; `handle_params` follows in this unit of work. Raises NavigationError."""
        url = of_site(url, self.uri)
        below = self._below(url)
        if below is None or not self.reaches(below):
            raise NavigationError(
                f"patch({url!r}): a live patch stays with {type(self._view).__qualname__} (now at {self.uri!r}) and "
                f"changes only those path parameters that its handle_params asks for; use self.redirect() to leave"
            )
        self._go(below)
        self.move = Move(Mode.REPLACE if replace else Mode.PUSH, url)

    def leave(self, url: str, *, external: bool) -> None:
        """Leave the page. Raises NavigationError for another site, unless `external`."""
        self.move = Move(Mode.LEAVE, elsewhere(url) if external else of_site(url, self.uri))
        self.due = False

    def arrive(self, args: list[Any]) -> None:
        """The browser goes to a URL (a click on a `ts-link`) or is there already (back, forward).

        One that is not this view's, or that a traveller finds unfit, is left for a page of its own.
        Raises EventRefused for anything but a URL of this site, and for a query that does not fit.
        """
        url, mode = (*args, None)[:2] if 1 <= len(args) <= 2 else (None, None)
        if not isinstance(url, str) or mode not in (None, Mode.PUSH, Mode.REPLACE):
            raise EventRefused(codes.BAD_ARGUMENTS, f"{EVENT} takes [url] or [url, 0 or 1]")
        try:
            url = of_site(url, self.uri)
        except NavigationError as error:
            raise EventRefused(codes.BAD_ARGUMENTS, str(error)) from None
        below = self._below(url)
        if below is None or not self.reaches(below):
            self.move = Move(Mode.LEAVE, url)
            return
        try:
            self._bind(below)
        except EventRefused:
            if mode is not None:
                raise
            self.move = Move(Mode.LEAVE, url)
            return
        self._go(below)
        if mode is not None:
            self.move = Move(Mode(mode), url)

    async def follow(self, *, dev: bool) -> None:
        """Call `handle_params` for the URL at hand, and again for as long as it sends the view on."""
        for _ in range(_MAX_TURNS):
            self.due = False
            if self._view.__livets__.query is None:
                return
            await call(self._view.handle_params, (), self._bind(self.url), dev=dev)
            if not self.due:
                return
        raise NavigationError(
            f"{type(self._view).__qualname__}.handle_params calls self.patch() every time, now with {self.uri!r}: "
            f"patch only if the URL is not yet the one you want"
        )

    def forget(self) -> None:
        """The unit of work is over, or has come to nothing."""
        self.move = None
        self.due = False

    def reaches(self, below: str) -> bool:
        """Whether a live patch may go from here to this URL below the mount point."""
        found = self._find(below)
        return found is not None and may_patch(type(self._view), self.path, *found)

    def tell(self) -> None:
        """The browser is somewhere else: the next fill brings its address here."""
        self._view._live.system.changing().url = self.url

    def _go(self, below: str) -> None:
        self._view._live.system.changing().url = below.partition("#")[0]
        self.due = True

    def _below(self, url: str) -> str | None:
        if not self.prefix:
            return url
        return url.removeprefix(self.prefix) if url.startswith(self.prefix + "/") else None

    def _find(self, below: str) -> tuple[type, Mapping[str, Any]] | None:
        path = unquote(below.partition("#")[0].partition("?")[0])
        if self._places is not None:
            return self._places.find(path)
        here = unquote(self.start.partition("?")[0])
        return (type(self._view), self._known()[1]) if path == here else None

    def _bind(self, below: str) -> dict[str, Any]:
        query = self._view.__livets__.query
        if query is None:
            return {}
        found = self._find(below)
        path = self.path if found is None else found[1]
        url = below.partition("#")[0]
        return query.bind(path, pairs_of(url), params=self._whole(path, url), uri=self.prefix + url)

    def _parse(self) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
        url = self.url
        if self._parsed is None or self._parsed[0] != url:
            at, path = self._known()
            found = None if at == url else self._find(url)
            path = path if found is None else found[1]
            self._parsed = (url, path, self._whole(path, url))
        return self._parsed

    def _known(self) -> tuple[str, Mapping[str, Any]]:
        """The URL that was asked about last, and its path parameters."""
        return (self.start, self._path) if self._parsed is None else self._parsed[:2]

    @staticmethod
    def _whole(path: Mapping[str, Any], url: str) -> Mapping[str, Any]:
        pairs = pairs_of(url)
        return MappingProxyType({**dict(pairs), **path}) if pairs else path


def may_patch(view_class: type, own: Mapping[str, Any], other_class: type, other: Mapping[str, Any]) -> bool:
    """Whether a view with the path parameters `own` may go to a URL of `other_class` with `other` without a new mount.

    It may when the same view answers there, with the same path parameters but for those that `handle_params` asks for
    by name: what `mount` was told, and perhaps checked, does not change behind its back.
    """
    if view_class is not other_class:
        return False
    query = view_class.__livets__.query  # type: ignore[attr-defined]
    free = frozenset() if query is None else query.names
    fixed = (own.keys() | other.keys()) - free
    return all(name in own and name in other and own[name] == other[name] for name in fixed)
