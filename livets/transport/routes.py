"""Which view answers which path, and the way back from a name to a URL.

Owns the routes in their order and the match of a URL that did not come with a request (a joining socket names a page,
a view moves). Never looks at anything but the path. Called by `app` (adds), `page`, `worker` and `finding` (match),
and by views through `live.navigation.Places`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from starlette.routing import BaseRoute, Match, NoMatchFound, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from livets.errors import ConfigError, NavigationError
from livets.live.sources import check_source
from livets.transport.request import PATH_SAFE, prefix_of, url_of

if TYPE_CHECKING:
    from livets.live import LiveView
    from livets.transport.assets import Assets


class LiveRoute(Route):
    """A path whose page is a view."""

    def __init__(
        self, path: str, endpoint: ASGIApp, view_class: type[LiveView], title: str | None, name: str | None = None
    ) -> None:
        super().__init__(path, endpoint, methods=["GET"], name=name or view_class.__name__, include_in_schema=False)
        self.view_class = view_class
        self.title = title

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As Starlette does, but a value that its converter can't read (a number of 5,000 digits) is no match."""
        try:
            return super().matches(scope)
        except ValueError:
            return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; inside of other applications, too, the page is told which route it is."""
        scope["route"] = self
        await super().handle(scope, receive, send)

    def parameters(self, path: str) -> dict[str, Any] | None:
        """The typed parameters in `path` (below the application's mount point), None when it is not this route's."""
        found = self.path_regex.match(path)
        if found is None:
            return None
        try:
            return {name: self.param_convertors[name].convert(value) for name, value in found.groupdict().items()}
        except ValueError:
            return None


class Routes:
    """The routes of an application, first match first."""

    def __init__(self) -> None:
        self.all: list[BaseRoute] = []
        self.assets: Assets | None = None
        """The application's own files, if it has any."""

    def __iter__(self) -> Iterator[LiveRoute]:
        """Those whose page is a view."""
        return (route for route in self.all if isinstance(route, LiveRoute))

    def match(self, url: str) -> tuple[LiveRoute, dict[str, Any]] | None:
        """The live route of a URL (path below the mount point, and query) and its path parameters."""
        path = unquote(url.partition("?")[0])
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        for route in self.all:
            if isinstance(route, LiveRoute):
                parameters = route.parameters(path)
                if parameters is not None:
                    return route, parameters
            elif route.matches(scope)[0] is Match.FULL:
                return None
        return None

    def find(self, path: str) -> tuple[type, Mapping[str, Any]] | None:
        """The view class at a decoded path, and its path parameters."""
        found = self.match(path.replace("%", "%25"))
        return None if found is None else (found[0].view_class, found[1])

    def url_for(self, target: str | type, values: Mapping[str, Any]) -> str:
        """The URL of a route below the mount point, by name or view; other values become the query, None is left out.

        Of several routes it is the one that takes most of the values into its path, the first of those.
        Raises NavigationError when every route of that name has a path parameter without a value.
        """
        known, fitting = [], []
        for route in self.all:
            name = getattr(route, "name", None)
            if name != target and not (isinstance(route, LiveRoute) and route.view_class is target):
                continue
            names = getattr(route, "param_convertors", {}).keys()
            known.append(getattr(route, "path", ""))
            if all(values.get(name) is not None for name in names):
                fitting.append((len(names), route, names))
        if fitting:
            _, route, names = max(fitting, key=lambda each: each[0])
            return self._url(route, {name: values[name] for name in names}, values)
        label = target if isinstance(target, str) else target.__name__
        if known:
            raise NavigationError(f"url_for({label!r}): it needs the parameters of one of {', '.join(known)}")
        names = ", ".join(sorted({str(name) for route in self.all if (name := _public_name(route))}))
        raise NavigationError(f"url_for({label!r}): there is no route of that name; there are: {names}")

    def slashed(self, scope: Scope) -> str | None:
        """The path and query of a request with one slash more or less at the end, if something answers there.

        Never a whole URL, whose host would be what the request claims, nor one that browsers take for another host.
        """
        path = scope["path"]
        other = {**scope, "path": path.rstrip("/") if path.endswith("/") else path + "/"}
        url = url_of(other)
        if url.startswith("//") or not any(route.matches(other)[0] is not Match.NONE for route in self.all):
            return None
        whole = prefix_of(scope) + url
        return None if whole.startswith("//") or not whole.startswith("/") else whole

    def static(self, name: str) -> str:
        """The hashed URL of one of the application's own files, below the mount point. Raises NavigationError."""
        if self.assets is None:
            raise NavigationError(f"static({name!r}): there is no directory of static files; give LiveTS(static=…) one")
        return self.assets.url(name)

    def _url(self, route: BaseRoute, path: dict[str, Any], values: Mapping[str, Any]) -> str:
        try:
            url = quote(str(route.url_path_for(getattr(route, "name", ""), **path)), safe=PATH_SAFE)
        except (NoMatchFound, AssertionError, TypeError, ValueError) as error:
            raise NavigationError(f"url_for({getattr(route, 'name', '')!r}): {path} does not fit: {error}") from None
        query = {name: value for name, value in values.items() if name not in path and value is not None}
        texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
        return f"{url}?{urlencode(texts, doseq=True)}" if query else url


def checked_route(
    routes: Routes, path: str, endpoint: ASGIApp, view: Any, title: str | None, name: str | None
) -> LiveRoute:
    """A new live route. Raises ConfigError for one that could never be served."""
    from livets.live import LiveView

    if not (isinstance(view, type) and issubclass(view, LiveView)):
        raise ConfigError(f"live({path!r}, {view!r}): {_no_view(view)}")
    if not path.startswith("/"):
        raise ConfigError(f"live({path!r}): a path starts with '/': live('/{path}', {view.__name__})")
    if path.startswith("/livets/"):
        raise ConfigError(f"live({path!r}): paths below /livets/ are livets' own; choose another one")
    check_source(view)
    route = LiveRoute(path, endpoint, view, title, name)
    given = set(route.param_convertors)
    mount = view.__livets__.mount
    if mount is not None and (missing := sorted(mount.required - given)):
        raise ConfigError(
            f"live({path!r}, {view.__name__}): mount() needs {', '.join(map(repr, missing))}, and the path has no such "
            f"parameter: write it into the path ('{path.rstrip('/')}/{{{missing[0]}}}') or give it a default"
        )
    for other in routes:
        if other.path == path:
            raise ConfigError(
                f"live({path!r}, {view.__name__}): {other.view_class.__name__} has this path already; "
                f"give one of them another path"
            )
        if name is not None and other.name == name and other.view_class is not view:
            raise ConfigError(f"live({path!r}, name={name!r}): {other.path} of another view has this name already")
    return route


def _public_name(route: BaseRoute) -> str | None:
    """A name that an application may ask for: livets' own routes are nobody's business."""
    return None if getattr(route, "path", "").startswith("/livets/") else getattr(route, "name", None)


def _no_view(given: Any) -> str:
    from livets.live import LiveView

    if isinstance(given, LiveView):
        name = type(given).__name__
        return f"give the class, {name}, not an instance of it ({name}()): livets makes one for each page"
    if isinstance(given, type):
        return f"{given.__name__} is no view: write `class {given.__name__}(LiveView):`"
    return "the second argument must be a subclass of LiveView"
