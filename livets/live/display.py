"""What the browser shows of a view, and what it has still to be told.

It owns the rendering (last values sent), the outbox, and the names that changed while nothing could be sent. It
never runs a handler and never changes a field. Called by the runner at each commit and by its transport-facing methods.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from livets.live.drawn import Drawn
from livets.live.move import Mode, Move
from livets.live.outbox import Outbox
from livets.live.scope import HTML_NAME, RENDER_SOURCE, ViewScope
from livets.live.sources import source_of
from livets.live.witness import Witness
from livets.render.keyed_list import KeyedList
from livets.wire import ReservedOp

if TYPE_CHECKING:
    from livets.live.view import LiveView
    from livets.render import CompiledTemplate, Patch, Rendering, Templates

_PLACE: Final = frozenset({"params", "uri"})


class Display(ViewScope):
    """The rendered side of one view; what its template sees of the view, it sees through this."""

    __slots__ = (
        "_forced", "_inputs", "_move", "_pending", "_plain", "_shown", "_title", "_url", "outbox", "rendering",
        "witness",
    )  # fmt: skip

    def __init__(self, view: LiveView, template: CompiledTemplate, *, dev: bool = False) -> None:
        super().__init__(view)
        self.witness = Witness() if dev else None
        self.rendering: Rendering = template.start()
        self._plain: CompiledTemplate | None = None
        """A template of whose names all are declared fields."""
        self.outbox: Outbox | None = None
        self._shown = False
        """False until the rendering knows what the browser shows."""
        self._pending: set[str] | None = None
        self._forced: set[str] | None = None
        self._inputs: dict[str, Any] | None = None
        self._title = ""
        self._url = ""
        self._move: Move | None = None

    @property
    def ready(self) -> bool:
        """True if a patch could be sent now."""
        return self.outbox is not None and self.outbox.ready()

    @property
    def is_known(self) -> bool:
        """True if the rendering knows what the browser shows; if not, the next drawing sends every value."""
        return self._shown

    @property
    def behind(self) -> bool:
        """True if there is something that the browser has not been told."""
        return bool(self._pending or self._inputs or self._move)

    def html(self) -> str:
        """The first HTML."""
        with _Unseen(self._view):
            html = self.rendering.html(self)
        self._title = self._view.__dict__["title"]
        self._url = self._view._live.system.notes.url
        self._shown = True
        self.trust()
        if self.witness is not None:
            self.witness.load(self.rendering.template, html)
        return html

    def draw(
        self, changed: Collection[str], forced: Collection[str] = (), *, join: bool = False, shared: bool = False
    ) -> Drawn | None:
        """What has to be sent after a commit that changed these fields; None while nothing can be sent.

        `shared`: other views are likely to show the same change. Nothing is remembered as sent until `Drawn.commit`.
        Raises whatever the template raises.
        """
        if not join and (self.outbox is None or not self.outbox.ready()):
            return None
        bond = self._view._live
        tracker, move, shown = bond.tracker, bond.location.move, self._shown
        paused, tracker.paused = tracker.paused, True  # `_Unseen`, without an object for each event
        try:
            if shown:
                patch = self._patch(changed, forced, shared=shared)
            else:
                patch = self.rendering.fill(self)
        finally:
            tracker.paused = paused
        return Drawn(patch, self._extras(move, whole=not shown), self._remember)

    def _patch(self, changed: Collection[str], forced: Collection[str], *, shared: bool) -> Patch:
        """What differs from what is shown."""
        rendering = self.rendering
        dirty, volatile = changed, () if rendering.template is self._plain else self._volatile()
        if volatile or self._pending:
            dirty = {*changed, *(self._pending or ()), *volatile}
        if self._url != self._view._live.system.notes.url:
            dirty = {*dirty, *_PLACE}
        force = {*forced, *self._forced} if self._forced else forced
        return rendering.diff(self, dirty, force, shared=shared)

    def postpone(self, changed: Collection[str], forced: Collection[str]) -> None:
        """These could not be sent; they are part of the next drawing."""
        names = {*changed, *self._volatile()}
        if names:
            self._pending = {*(self._pending or ()), *names}
        if forced:
            self._forced = {*(self._forced or ()), *forced}
        if self._view._live.inputs:
            self._inputs = {**(self._inputs or {}), **(self._view._live.inputs or {})}
        location = self._view._live.location
        self._move, location.move = location.move or self._move, None

    def fill(self, fingerprint: str) -> Drawn:
        """All current values for a page built from the template `fingerprint`, or the template with them."""
        with _Unseen(self._view):
            if self.rendering.template.fingerprint == fingerprint:
                patch = self.rendering.fill(self)
            else:
                patch = self.rendering.reshape(self)
        return Drawn(patch, self._extras(None, whole=True), self._remember)

    def block(self, address: list[Any]) -> list[Any]:
        """The diff that builds one block afresh. Raises LookupError if there is no such block."""
        with _Unseen(self._view):
            diff = [int(ReservedOp.BUILD), [address, self.rendering.block(self, address)]]
        if self.witness is not None:
            self.witness.follow(self.rendering.template, diff)
        return diff

    def complaint(self) -> str:
        """Development: why the page is not what the present state looks like; "" when it is, or nobody can say.

        Call it when everything that has changed was drawn. Raises whatever the template raises.
        """
        if self.witness is None or self.witness.rests:
            return ""
        with _Unseen(self._view):
            template = self.rendering.template
            found = self.witness.look(template, template.start().html(self))
            if found and self.rendering.diff(self, self._volatile()).diff:
                return ""  # the template reads what changes by itself (a clock, a global): the next patch will tell
        return found

    def trust(self) -> None:
        """The rendering knows all lists as they are now: their logs have been used up."""
        for rows in _lists(self._view):
            rows.commit()

    def _remember(self, drawn: Drawn) -> None:
        """What was drawn is what the browser shows (called by `Drawn.commit`)."""
        self._shown = True
        self._pending = self._forced = self._inputs = self._move = None
        if not drawn.mid_event:
            self._view._live.location.move = None
        self._title = self._view.__dict__["title"]
        self._url = self._view._live.system.notes.url
        self._view._live.inputs = None
        if drawn.mid_event:
            # Shown in the middle of a handler that may still be taken back: compare everything next time.
            self._pending = set(self._view.__livets__.fields)
            for rows in _lists(self._view):
                rows.distrust()
        elif self._view.__livets__.keyed:
            self.trust()
        if self.witness is not None:
            self.witness.follow(self.rendering.template, drawn.diff)

    def _volatile(self) -> Collection[str]:
        template = self.rendering.template
        names = volatile(self._view, template)
        if template.names <= self._view.__livets__.fields.keys():
            self._plain = template
        return names

    def _extras(self, move: Move | None, *, whole: bool) -> list[Any]:
        extras: list[Any] = []
        title = self._view.__dict__["title"]
        if title != self._title or (whole and title):
            extras += [int(ReservedOp.TITLE), title]
        if self._inputs or self._view._live.inputs:
            for name, value in {**(self._inputs or {}), **(self._view._live.inputs or {})}.items():
                extras += [int(ReservedOp.SET_INPUT), [name, _shown(value)]]
        url = self._view._live.system.notes.url
        move = move or self._move
        if move is None and ((whole and url) or url != self._url):
            # Back and forward; what was shown and then taken back; what may have been said in a frame that was lost.
            move = Move(Mode.REPLACE, self._view._live.location.uri)
        if move is not None:
            extras += [int(ReservedOp.NAVIGATE), [int(move.mode), move.url]]
        return extras


def compile_template(view_class: type[LiveView], templates: Templates) -> CompiledTemplate:
    """The template of a view class: `template`, else `template_name`, else its `render()`."""
    way = source_of(view_class)
    if way == "template":
        return templates.from_string(view_class.template, name=f"{view_class.__qualname__}.template")
    if way == "template_name":
        return templates.get(view_class.template_name)
    return templates.from_string(RENDER_SOURCE, name=f"{view_class.__qualname__}.render()")


def volatile(view: LiveView, template: CompiledTemplate) -> set[str]:
    """Names in the template that are no declared fields: nobody knows when they change, so they always may have."""
    declaration = view.__livets__
    if template.names <= declaration.fields.keys():
        return set()
    computed = (template.names & declaration.computed) | (template.names & {HTML_NAME})
    undeclared = template.names - declaration.fields.keys() - computed
    return set(computed | (undeclared & view.__dict__.keys())) if undeclared or computed else set()


def _lists(view: LiveView) -> list[KeyedList[Any]]:
    keyed = view.__livets__.keyed
    if not keyed:
        return []
    values = (view.__dict__.get(name) for name in keyed)
    return [value for value in values if isinstance(value, KeyedList)]


class _Unseen:
    """Reads by the template and by computed properties are not reads of a handler."""

    __slots__ = ("_paused", "_tracker")

    def __init__(self, view: LiveView) -> None:
        self._tracker = view._live.tracker

    def __enter__(self) -> None:
        self._paused, self._tracker.paused = self._tracker.paused, True

    def __exit__(self, *_: object) -> None:
        self._tracker.paused = self._paused


def _shown(value: Any) -> Any:
    """What a control shows for a field's value; browsers read no other numbers than integers (docs/protocol.md)."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(each) for each in value]
    if isinstance(value, Enum):
        return _shown(value.value)
    return value if isinstance(value, bool | str | int | None) else str(value)
