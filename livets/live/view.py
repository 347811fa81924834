"""LiveView: the class that applications subclass. Its public names are the framework's promise to users.

It owns no machinery: what a view needs while it runs sits behind `_live` (see `bond`), what its class
declares in `__livets__` (see `declaration`). Application code calls it; the runner drives it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, ClassVar

from livets.errors import ConfigError, EventRefused
from livets.live.bond import Bond
from livets.live.declaration import Declaration
from livets.live.effects import encode_broadcast
from livets.live.fields import UNSET
from livets.live.navigation import Location
from livets.live.presence import ViewPresence
from livets.live.state import State
from livets.live.system import Subscription, Timer
from livets.live.unit import CurrentEvent, current
from livets.live.visit import Visit
from livets.pubsub import check_topic
from livets.wire import codes


class LiveView:
    """A page, or part of one, whose state lives on the server.

    Annotated attributes are its state: typed, tracked, kept in snapshots. Methods marked `@event` can be called
    from the browser. What it shows is said by `template` (inline Jinja2), `template_name` (a file) or `render()`.
    Hooks and handlers are plain or async; plain ones run in a thread while they hold the view. One handler at a
    time runs; if it raises, every declared field is as before it.

    >>> from livets import LiveView, event
    >>> class Counter(LiveView):
    ...     count: int = 0
    ...     template = '<b>{{ count }}</b><button ts-on:click="increment">+1</button>'
    ...
    ...     @event
    ...     async def increment(self, by: int = 1):
    ...         self.count += by
    """

    __slots__ = ("__dict__", "__weakref__", "_live")

    __livets__: ClassVar[Declaration]
    _live: Bond

    template: ClassVar[str] = ""
    """Inline Jinja2 source."""
    template_name: ClassVar[str] = ""
    """Name of a template file in the app's template directories."""
    layout: ClassVar[str] = ""
    """Name of the template file of the document around the view; empty: the application's."""
    head: ClassVar[str] = ""
    """Jinja2 source of what this page has in its `<head>`, rendered once with the view's names; or a method that
    returns HTML."""
    body_class: str = ""
    """Classes of the document's `<body>`, as the view has them when the page is made."""
    snapshot_version: ClassVar[int] = 0
    """Raise it when what the fields mean has changed: `migrate` is then called for snapshots of before."""
    may_sleep: ClassVar[bool] = True
    """False: a view that nothing has happened to for `idle_after_s` stays in memory all the same (docs/scaling.md)."""
    title: str = ""
    """The document's title; assign `self.title` to change it."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _declare(cls)

    def __new__(cls, *_args: Any, **_options: Any) -> LiveView:
        view = super().__new__(cls)
        view._live = Bond(Location(view))
        values = view.__dict__
        for name, field in cls.__livets__.fields.items():
            value = field.initial()
            if value is not UNSET:
                values[name] = value
        return view

    # Hooks: override what you need

    def mount(self, *_args: Any, **_parameters: Any) -> Any:
        """Set the view up; runs once in its life, before the first render. Declare path parameters as arguments."""

    def handle_params(self, *_args: Any, **_query: Any) -> Any:
        """Follow the URL: called after `mount`, and whenever the view goes to another URL without leaving the page.

        Declare what you want of the query (and of the path parameters) as arguments, typed and with defaults;
        `**rest` collects what is left. `params` and `uri`, if declared, are `self.params` and `self.uri`.
        """

    def updated(self) -> Any:
        """An event, message or timer has changed declared fields. What this changes belongs to the same commit."""

    def unmount(self) -> Any:
        """The view is going away for good. Changes made here are not kept."""

    def migrate(self, old: dict[str, Any]) -> Any:
        """The view comes from a snapshot of an earlier release: fill the fields that changed, from what was stored.

        Called once, before `resumed`, when a stored field is unknown now or does not fit its type any more, or when
        `snapshot_version` differs. Fields that fit have their values already. `old`: every stored field by its name
        of then, as plain data. If it raises, the page begins anew.

        >>> from livets import LiveView
        >>> class Cart(LiveView):
        ...     cents: int = 0
        ...
        ...     def migrate(self, old):
        ...         if "euros" in old:
        ...             self.cents = round(old["euros"] * 100)
        """

    def resumed(self) -> Any:
        """The view was brought back from a snapshot, perhaps in another process: reopen what fields cannot hold."""

    def resync(self) -> Any:
        """Messages of a topic were missed: load again what they would have told."""

    def handle_event(self, event: str, payload: dict[str, Any]) -> Any:
        """Called for events that no @event method declares; refuses them unless overridden.

        `payload`: what the browser sent about the event, with its positional arguments in `payload["args"]`.
        """
        known = self.__livets__
        raise EventRefused(
            codes.UNKNOWN_EVENT, f"{known.name} has no @event method {event[:80]!r}", known.meant(type(self), event)
        )

    def render(self) -> str:
        """The view's HTML as a string, if it has no template."""
        raise ConfigError(
            f"{self.__livets__.name} shows nothing: give it a `template`, a `template_name` or a `render()` method"
        )

    def html(self, source: str, /, **context: Any) -> str:
        """Jinja2 source as HTML, for `render()`: autoescaped, with directives, fields and `context` as names.

        >>> from livets import LiveView, render_to_string
        >>> class Greeting(LiveView):
        ...     names: list[str] = ["Ada", "<Bo>"]
        ...     def render(self) -> str:
        ...         return self.html('<p ts-for="name in names">{{ greeting }} {{ name }}</p>', greeting="Hello")
        >>> import asyncio
        >>> asyncio.run(render_to_string(Greeting))
        '<!--[--><p>Hello Ada</p><p>Hello &lt;Bo&gt;</p><!--]-->'

        Raises TemplateError for source that is wrong. The source is code: never build it from what users have typed.
        """
        host = self._live.host
        if host is None:
            raise ConfigError("self.html() works while the view is shown: call it in render()")
        return host.markup(source, context)

    # What surrounds the view

    @property
    def session(self) -> Visit:
        """The session of the browser, from the request that joined; never from a snapshot.

        A mapping over its data; `self.session.user` is who signed in with `app.login`, or None.
        """
        return self._live.session

    @property
    def request(self) -> Any:
        """The HTTP request that mounted the view (or the join, after a resume)."""
        return self._live.request

    @property
    def params(self) -> Mapping[str, Any]:
        """Path parameters of the URL the view is at now, and the query's last value of each other name, as text."""
        return self._live.location.params

    @property
    def uri(self) -> str:
        """Path and query of the URL the view is at now, as the browser shows them."""
        return self._live.location.uri

    @property
    def event(self) -> CurrentEvent:
        """The event being handled. `self.event.id` stays the same if the event has to run again after a crash."""
        unit = current(self)
        if unit is None or unit.event is None:
            raise RuntimeError("self.event exists only while an event of the browser is being handled")
        return unit.event

    # State

    @property
    def state(self) -> State:
        """The declared fields as a mapping."""
        return State(self)

    def set_state(self, **updates: Any) -> None:
        """Assign several declared fields. Raises FieldError, and assigns none, if one is not declared."""
        state = self.state
        for name in updates:
            state.require(name)
        for name, value in updates.items():
            setattr(self, name, value)

    def touch(self, name: str) -> None:
        """Say that a field changed through a reference kept from earlier, where livets cannot see it."""
        self.state.require(name)
        self._live.acting(f"touch {name!r}")
        self._live.tracker.touch(name)

    async def update(self) -> None:
        """Commit and show what has changed so far, in the middle of a handler or in a task of your own.

        What was committed stays, even if the handler fails afterwards. An event that was interrupted by a crash
        after this point does not run again: its browser is told `interrupted`.
        """
        host = self._live.host
        if host is not None:
            await host.commit_point()

    def commit(self) -> AbstractAsyncContextManager[None]:
        """Hold the view for a block that is one commit: shown and kept at its end, taken back if it raises.

        The way to change the view from a `parallel` handler or a task of your own; waits for the view's turn. Raises
        what keeps the commit from being made (FieldError, an error of the template), after taking the block back.

        >>> from livets import LiveView, event
        >>> class Search(LiveView):
        ...     found: list[str] = []
        ...
        ...     @event(policy="parallel")
        ...     async def search(self, words: str):
        ...         found = [word.upper() for word in words.split()]  # what takes long
        ...         async with self.commit():
        ...             self.found = found
        """
        host = self._live.host
        return nullcontext() if host is None else host.commit_block()

    def cancel(self, handler: Callable[..., Any] | str) -> None:
        """Stop the events of `handler`, an @event method: those that wait, and those at work if it is an async one.

        What they did since their last commit point is taken back. The event that calls this goes on. Handlers that
        hold the view let nothing else run: call it from a `parallel` handler (a Cancel button) to stop one of those.
        """
        name = handler if isinstance(handler, str) else getattr(handler, "__name__", "")
        if name not in self.__livets__.events:
            raise ConfigError(f"cancel({name!r}): {self.__livets__.name} has no @event method of that name")
        host = self._live.host
        if host is not None:
            host.cancel(name)

    def set_input(self, name: str, value: Any) -> None:
        """Assign a field and write it into its control, even if that has the focus or holds unsent text."""
        self.state.require(name)
        setattr(self, name, value)
        self._live.inputs = {**(self._live.inputs or {}), name: value}

    # Going elsewhere

    def url_for(self, target: str | type[LiveView], **values: Any) -> str:
        """The URL of a route, by its name or its view; values that are not path parameters become the query.

        Raises NavigationError when no route fits.
        """
        return self._live.location.url_for(target, values)

    def patch(self, url: str, *, replace: bool = False) -> None:
        """Go to another URL of this view without loading a page: `handle_params` is called with it, in the same commit.

        `url`: a path with or without a query, or a query alone ("?page=2"). `replace`: no new entry in the browser's
        history. Nothing happens if the handler fails. Raises NavigationError for a URL that another view answers.
        """
        self._live.location.patch(url, replace=replace)

    def redirect(self, url: str, *, external: bool = False) -> None:
        """Send the browser to another page when this commits; in `mount` and `handle_params` of a new page at once.

        Only paths of this site are accepted ("/login?next=/"), whatever a visitor smuggles in; for another site say
        `external=True`, and never with a URL that came from a browser. Raises NavigationError.
        """
        self._live.location.leave(url, external=external)

    # Topics and timers

    def subscribe(self, topic: str, handler: Callable[..., Any] | str) -> None:
        """Call `handler(data)`, a method of this view, for every message on `topic`. Survives restarts.

        Raises MessageRefused for a topic that begins with "livets:".
        """
        check_topic(topic)
        name = self.__livets__.check_method(type(self), handler)
        self.__livets__.message(type(self), name)
        self._live.acting("subscribe")
        self._live.system.changing().subscriptions[topic] = Subscription(name)
        host = self._live.host
        if host is not None:
            host.subscribing(topic)

    def unsubscribe(self, topic: str) -> None:
        """End a subscription; unknown ones are ignored."""
        self._live.acting("unsubscribe")
        self._live.system.changing().subscriptions.pop(topic, None)

    def broadcast(self, topic: str, data: Any) -> None:
        """Send `data` (plain data, dataclasses, Structs) to all subscribers of `topic` when this event commits.

        Nothing is sent if the handler fails. Raises MessageRefused for other data, for more than 1 MiB, and for a topic
        that begins with "livets:".
        """
        encoded = encode_broadcast(topic, data)
        self._live.acting("broadcast")
        if self._live.effects is None:
            self._live.effects = []
        self._live.effects.append((topic, encoded))

    @property
    def presence(self) -> ViewPresence:
        """Who is here, over all workers: `track`, `untrack`, `follow`, `list`.

        >>> from livets import LiveView
        >>> class Room(LiveView):
        ...     people: list[str] = []
        ...     template = "{{ people|join(', ') }}"
        ...
        ...     def mount(self):
        ...         self.presence.track("room:7", "ada", name="Ada")
        ...         self.presence.follow("room:7", self.who_is_here)
        ...
        ...     async def who_is_here(self, change):
        ...         self.people = sorted(said[-1]["name"] for said in self.presence.list("room:7").values())
        """
        return ViewPresence(type(self), self.__livets__, self._live)

    def every(self, interval_s: float, handler: Callable[..., Any] | str) -> int:
        """Call `handler()`, a method of this view, every `interval_s` seconds; returns a number for `cancel_timer`."""
        if interval_s <= 0:
            raise ConfigError(f"every({interval_s}): the interval must be longer than 0 seconds")
        return self._add_timer(interval_s, interval_s, handler)

    def after(self, delay_s: float, handler: Callable[..., Any] | str) -> int:
        """Call `handler()`, a method of this view, once in `delay_s` seconds; returns a number for `cancel_timer`."""
        return self._add_timer(max(0.0, delay_s), None, handler)

    def cancel_timer(self, timer: int) -> None:
        """Stop a timer; unknown ones are ignored."""
        self._live.acting("cancel a timer")
        self._live.system.changing().timers.pop(timer, None)

    def _add_timer(self, delay_s: float, interval_s: float | None, handler: Callable[..., Any] | str) -> int:
        name = self.__livets__.check_method(type(self), handler)
        self._live.acting("start a timer")
        return self._live.system.start_timer(Timer(name, time.time() + delay_s, interval_s))


def _declare(owner: type[LiveView]) -> None:
    declaration = Declaration(owner, LiveView)
    for name, field in declaration.fields.items():
        if field.owner is owner:
            setattr(owner, name, field)
    owner.__livets__ = declaration


_declare(LiveView)
