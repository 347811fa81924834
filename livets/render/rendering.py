"""A compiled template, and one view's rendering of it: the values last sent, and the way to what has changed since.

It owns last-sent values and nothing else. They change only when a Patch is committed, so a dropped patch leaves
everything as it was. It never sends. `live` drives it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from livets.render.blocks import Block, ForSlot, IfSlot, Slot
from livets.render.environment import Scope
from livets.render.lines import Advice, OpaquePart, file_of
from livets.render.sharing import Reading, Shared, Sharing, look
from livets.render.strings.slots import resting
from livets.render.values import Promoted, Site
from livets.wire import ReservedOp, encode_body

_NOTHING: frozenset[str] = frozenset()


@dataclass(eq=False, repr=False)
class CompiledTemplate:
    """A template as shared blocks of statics and slots; nothing in it belongs to one view."""

    name: str
    source: str
    promoted: frozenset[Site]
    """What rendering has told: outputs that are markup and HTML slots now, templates that an expression chose."""
    root: Block
    shape: list[Any]
    """What the browser must know (docs/protocol.md)."""
    fingerprint: str
    """Names the shape in every process."""
    names: frozenset[str]
    """Top-level names that the template reads."""
    models: frozenset[str]
    """Fields bound by ts-model."""
    handlers: frozenset[str]
    """Handlers named in ts-on:* attributes."""
    opaque: list[OpaquePart]
    """The parts that are rendered whole, and why."""
    advice: list[Advice]
    """What works, and could work better."""
    templates: frozenset[str]
    """Names of the other templates that were read to compile this one."""
    current: tuple[Callable[[], bool], ...]
    """One for each of them: False when it has been edited since."""
    again: Callable[[CompiledTemplate, Site], CompiledTemplate]
    sharing: Sharing = field(default_factory=Sharing)
    """What views have just been sent that others may be sent as well."""

    def promote(self, site: Site) -> CompiledTemplate:
        """The template with one more output as an HTML slot, or with one more template that it chooses."""
        return self.again(self, site)

    def line_at(self, path: Sequence[tuple[int, str]]) -> str:
        """Where a slot is written: slot numbers from the root down, each with its branch or its row's key.

        >>> from livets.render import Templates
        >>> template = Templates().from_string("<p>{{ a }}</p>\\n{% if b %}<b>{{ c }}</b>{% endif %}", name="page.html")
        >>> template.line_at([(1, "0"), (0, "")])
        'line 2 of page.html'
        """
        block, line = self.root, 1
        for number, name in path:
            slot = block.slots[number]
            line = slot.lineno
            if isinstance(slot, IfSlot) and name:
                block = slot.blocks[int(name)]
            elif isinstance(slot, ForSlot):
                block = slot.row
        return f"line {int(line)} of {file_of(line, self.name)}"

    def start(self) -> Rendering:
        """A rendering for one view."""
        return Rendering(self)


class Patch:
    """A diff that is complete, and what has to be remembered once it was accepted."""

    __slots__ = ("_actions", "_rendering", "_states", "_template", "diff", "shared")

    def __init__(
        self,
        rendering: Rendering,
        diff: list[Any],
        template: CompiledTemplate,
        states: list[Any],
        actions: list[Callable[[], None]],
    ) -> None:
        self.diff = diff
        """Pairs of address and change; [] when nothing changed."""
        self._rendering = rendering
        self._template = template
        self._states = states
        self._actions = actions
        self.shared: Shared | None = None
        """Set when other views have been, or may be, sent the same diff."""

    @property
    def body(self) -> bytes:
        """The diff encoded, with views that are sent the same only once."""
        return encode_body(self.diff) if self.shared is None else self.shared.body

    def commit(self) -> None:
        """Remember the new values as sent."""
        rendering = self._rendering
        rendering.template, rendering._states = self._template, self._states
        for action in self._actions:
            action()
        self._actions = []


class Rendering:
    """The rendering of one view.

    >>> from livets.render import Templates
    >>> from livets.render.environment import MappingScope
    >>> rendering = Templates().from_string("<p>{{ count }}</p>").start()
    >>> rendering.html(MappingScope({"count": 1}))
    '<p>1</p>'
    >>> rendering.diff(MappingScope({"count": 2}), {"count"}).diff
    [0, 2]
    """

    __slots__ = ("_states", "template")

    def __init__(self, template: CompiledTemplate) -> None:
        self.template = template
        self._states: list[Any] = []

    def html(self, scope: Scope) -> str:
        """Evaluate everything, remember it as sent, and return the first HTML with its marker comments."""
        template = self.template
        while True:
            try:
                states, html = template.root.first(scope, html=True)
            except Promoted as promoted:
                template = template.promote(promoted.site)
                continue
            self.template, self._states = template, states
            return str(html)

    def diff(
        self, scope: Scope, dirty: Collection[str], forced: Collection[str] = (), *, shared: bool = False
    ) -> Patch:
        """What has changed in the slots that read a dirty name; bound controls named in `forced` are always sent.

        `shared`: other views are likely to show the same change, so look whether one has, or keep it for them.
        """
        names = dirty if type(dirty) is frozenset else frozenset(dirty)
        force = frozenset(forced) if forced else _NOTHING
        return self._shared(scope, names) if shared and not force else self._own(scope, names, force)

    def _shared(self, scope: Scope, names: frozenset[str]) -> Patch:
        template, root = self.template, self.template.root
        slots = root.affected(names, _NOTHING)
        reading = Reading(scope)
        try:
            states = self._settled(slots, scope, names)
            glance = None if states is None else look(slots, states, reading)
            if states is None or glance is None:
                return self._own(scope, names, _NOTHING)
            found = template.sharing.find(glance, reading)
        except Exception:
            return self._own(scope, names, _NOTHING)  # which raises it again, and says where in the template
        steady = [slot for slot in slots if not slot.volatile]
        states = states.copy()
        if found is not None:
            for slot, lent in zip(steady, found.states, strict=True):
                states[slot.number] = slot.adopted(lent, states[slot.number], scope)
            patch = Patch(self, found.diff, template, states, [])
            patch.shared = found
            return patch
        actions: list[Callable[[], None]] = []
        reading = Reading(reading)
        try:
            states, diff = root.diff_of(steady, states, reading, names, _NOTHING, actions)
        except Promoted as promoted:
            return self._reshape(template.promote(promoted.site), scope)
        patch = Patch(self, diff, template, states, actions)
        patch.shared = template.sharing.keep(glance, reading, [slot.lent(states[slot.number]) for slot in steady], diff)
        return patch

    def _settled(self, slots: tuple[Slot, ...], scope: Scope, names: frozenset[str]) -> list[Any] | None:
        """What is remembered once the slots that may show anything at any time show the same; None if they don't."""
        actions: list[Callable[[], None]] = []
        loose = [slot for slot in slots if slot.volatile]
        states, diff = self.template.root.diff_of(loose, self._states, scope, names, _NOTHING, actions)
        return None if diff or actions else states

    def _own(self, scope: Scope, names: frozenset[str], force: frozenset[str]) -> Patch:
        actions: list[Callable[[], None]] = []
        try:
            root = self.template.root
            states, diff = root.diff_of(root.affected(names, force), self._states, scope, names, force, actions)
        except Promoted as promoted:
            return self._reshape(self.template.promote(promoted.site), scope)
        return Patch(self, diff, self.template, states, actions)

    def fill(self, scope: Scope) -> Patch:
        """All current values, for a browser that has the shape already."""
        try:
            states, fill = self.template.root.first(scope, html=False)
        except Promoted as promoted:
            return self._reshape(self.template.promote(promoted.site), scope)
        return Patch(self, [int(ReservedOp.FILL), fill], self.template, states, [])

    def reshape(self, scope: Scope) -> Patch:
        """Shape and all current values, for a browser that has another shape."""
        return self._reshape(self.template, scope)

    def rest(self) -> None:
        """To be called now and then: HTML that has not been looked at since the last time is packed until it is."""
        self._states = resting(self._states)
        self.template.sharing.forget()

    def _reshape(self, template: CompiledTemplate, scope: Scope) -> Patch:
        while True:
            try:
                states, fill = template.root.first(scope, html=False)
            except Promoted as promoted:
                template = template.promote(promoted.site)
                continue
            shape = [template.fingerprint, template.shape]
            diff = [int(ReservedOp.SHAPE), shape, int(ReservedOp.BUILD), [[], fill]]
            return Patch(self, diff, template, states, [])

    def block(self, scope: Scope, address: list[Any]) -> Any:
        """The current value of the block at an address, for a BUILD. Raises LookupError when it is not there."""
        return self.template.root.at(scope, list(address))


def opaque_parts(template: CompiledTemplate) -> list[OpaquePart]:
    """The parts of a template (and of what it extends and includes) that are rendered whole, by file and line.

    >>> from livets.render import Templates
    >>> [part] = opaque_parts(Templates().from_string("<p>{% filter upper %}{{ n }}{% endfilter %}</p>", name="p.html"))
    >>> part.file, part.line, part.reason
    ('p.html', 1, '{% filter %} is rendered by Jinja2 as a whole')
    """
    return template.opaque
