"""Which view answers which path.

Owns the live routes in their order and the match of a path that did not come with a request (a joining socket
names a page). Never looks at anything but the path. Called by `app` (adds), `page` and `worker` (match).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.routing import Match, Route
from starlette.types import ASGIApp, Scope

if TYPE_CHECKING:
    from livets.live import LiveView


class LiveRoute(Route):
    """A path whose page is a view."""

    def __init__(self, path: str, endpoint: ASGIApp, view_class: type[LiveView], title: str | None) -> None:
        super().__init__(path, endpoint, methods=["GET"], include_in_schema=False)
        self.view_class = view_class
        self.title = title

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette does, but a value that its converter can't read (a number of 5,000 digits) is no match."""
        try:
            return super().matches(scope)
        except ValueError:
            return Match.NONE, {}

    def parameters(self, path: str) -> dict[str, Any] | None:
        """The typed parameters in `path` (below the application's mount point), None when it is not this route's."""
        found = self.path_regex.match(path)
        if found is None:
            return None
        try:
            return {name: self.param_convertors[name].convert(value) for name, value in found.groupdict().items()}
        except ValueError:
            return None


class LiveRoutes:
    """The live routes of an application, first match first."""

    def __init__(self) -> None:
        self._routes: list[LiveRoute] = []

    def add(self, route: LiveRoute) -> None:
        """Add a route behind those there are."""
        self._routes.append(route)

    def __iter__(self) -> Iterator[LiveRoute]:
        return iter(self._routes)

    def match(self, path: str) -> tuple[LiveRoute, dict[str, Any]] | None:
        """The route of `path` and its parameters."""
        for route in self._routes:
            parameters = route.parameters(path)
            if parameters is not None:
                return route, parameters
        return None
