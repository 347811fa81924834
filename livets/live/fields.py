"""Declared fields: annotated attributes of a view become descriptors when the class is made (D1).

It owns the descriptor, `field()` and the collection of annotations; the codec of each field is built here
once. It never keeps anything of an instance: values live in the view's own dict, changes in its tracker.
Called by `declaration` for every subclass of LiveView.
"""

from __future__ import annotations

import copy
import inspect
import typing
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

from livets.errors import FieldError
from livets.live import codec
from livets.live.annotations import resolve
from livets.live.codec import Codec, KeyedCodec
from livets.render.keyed_list import KeyedList

UNSET: Final[Any] = object()
"""No value: not assigned, or no default."""

_SETTINGS: Final = ("template", "template_name", "layout", "head", "body_class", "snapshot_version", "may_sleep")
"""Class attributes of LiveView that an application may annotate without making them fields."""


class FieldOptions:
    """What `field(...)` leaves in a class body until the descriptor takes its place."""

    __slots__ = ("bind", "default", "factory", "persist", "secret")

    def __init__(
        self, default: Any, factory: Callable[[], Any] | None, persist: bool, bind: bool, secret: bool = False
    ) -> None:
        self.default = default
        self.factory = factory
        self.persist = persist
        self.bind = bind
        self.secret = secret


def field(
    default: Any = UNSET,
    *,
    default_factory: Callable[[], Any] | None = None,
    persist: bool = True,
    bind: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a field with options.

    `default`: the value of a new view; mutable ones are copied for each view. `default_factory`: called for
    each view instead. `persist=False`: kept in this process only, of any type, never in a snapshot, never
    written by a browser. `bind=True`: a browser may write it (`ts-model`) even if no template names it.
    `secret=True`: never shown in the error overlay of development; what a template shows of it is your business.

    Raises FieldError when both a default and a factory are given.

    >>> from livets import LiveView, field
    >>> class Chat(LiveView):
    ...     lines: list[str] = field(default_factory=list)
    ...     connection: object = field(None, persist=False)
    """
    if default is not UNSET and default_factory is not None:
        raise FieldError("field() takes a default or a default_factory, not both")
    if bind and not persist:
        raise FieldError("field(bind=True, persist=False): a browser never writes what is not part of the state")
    return FieldOptions(default, default_factory, persist, bind, secret)


class Witness(Protocol):
    """Who is told of reads and assignments (`tracking.Tracker`)."""

    def reading(self, field: Field, value: Any) -> Any:
        """`value`, of a mutable field, is about to be handed to application code; returns what to hand out."""

    def assigning(self, field: Field, old: Any) -> None:
        """The field is about to get a new value."""


class Witnessed(Protocol):
    """The part of a view's bond that fields write to."""

    @property
    def tracker(self) -> Witness:
        """Who is told."""


class Holder(Protocol):
    """Whose field it is (`view.LiveView`)."""

    @property
    def _live(self) -> Witnessed:
        """Its bond."""


class Field:
    """The descriptor of one declared field. One per class and field, none per view."""

    __slots__ = (
        "bind",
        "codec",
        "default",
        "factory",
        "keyed",
        "kind",
        "mutable",
        "name",
        "owner",
        "persist",
        "secret",
    )

    def __init__(self, owner: type, name: str, kind: Any, options: FieldOptions) -> None:
        self.owner = owner
        """The class whose body, or plain mix-in, declares the field."""
        self.name = name
        self.kind = kind
        self.persist = options.persist
        self.bind = options.bind
        self.secret = options.secret
        self.default = options.default
        self.factory = options.factory
        self.codec: Codec | None = self._build_codec(owner)
        self.keyed: KeyedCodec | None = self.codec if isinstance(self.codec, KeyedCodec) else None
        self.mutable = self.codec is None or self.codec.mutable
        self._check_default(owner)

    def _build_codec(self, owner: type) -> Codec | None:
        try:
            built = codec.build(self.kind)
            return None if built.is_open and not self.persist else built  # what is never kept may be anything at all
        except (TypeError, ValueError) as error:
            if not self.persist:
                return None
            raise FieldError(
                f"{owner.__qualname__}.{self.name}: {_type_name(self.kind)} cannot be kept in a snapshot: {error}. "
                f"Declare a type made of plain values, lists, dicts, dataclasses or msgspec Structs, "
                f"or keep it out of snapshots with `{self.name}: ... = field(persist=False)`."
            ) from None

    def _check_default(self, owner: type) -> None:
        """`count: int = "zero"` and `user: User = None` are told here, not at the first page."""
        if self.codec is None or not self.persist or self.default is UNSET:
            return
        label, kind = f"{owner.__qualname__}.{self.name}", _type_name(self.kind)
        try:
            codec.check_round_trip(self.codec, self.default, self.codec.encode(self.default))
        except (FieldError, TypeError, ValueError, AttributeError) as error:
            nothing = f": {kind} | None = None" if self.default is None else f": {kind} = ..."
            raise FieldError(
                f"{label} is declared as {kind}, and its default does not fit: {error}. Write a value of that type, "
                f"or another annotation (`{self.name}{nothing}`)."
            ) from None

    def check_kept(self, owner: type, value: Any, encoded: bytes) -> None:
        """Raises FieldError when the value, read back from its bytes, would be another one."""
        assert self.codec is not None
        try:
            codec.check_round_trip(self.codec, value, encoded)
        except FieldError as error:
            raise FieldError(
                f"{owner.__qualname__}.{self.name} cannot be kept in a snapshot: {error}. "
                f"Assign a value of the declared type, change the annotation, or use field(persist=False)."
            ) from None

    def initial(self) -> Any:
        """The value of a new view, or UNSET."""
        if self.factory is not None:
            return self.factory()
        if self.default is UNSET or not self.mutable:
            return self.default
        copied = self.codec is not None or isinstance(self.default, list | dict | set | KeyedList)
        return copy.deepcopy(self.default) if copied else self.default

    @typing.overload
    def __get__(self, view: None, owner: type) -> Field: ...
    @typing.overload
    def __get__(self, view: Holder, owner: type) -> Any: ...
    def __get__(self, view: Holder | None, owner: type) -> Any:
        if view is None:
            return self
        try:
            value = view.__dict__[self.name]
        except KeyError:
            raise AttributeError(
                f"{owner.__qualname__}.{self.name} has no value yet: give it a default or assign it in mount()"
            ) from None
        if self.mutable:
            return view._live.tracker.reading(self, value)
        return value

    def __set__(self, view: Holder, value: Any) -> None:
        values = view.__dict__
        view._live.tracker.assigning(self, values.get(self.name, UNSET))
        if isinstance(value, KeyedList):
            value.distrust()
        values[self.name] = value

    def __delete__(self, view: Holder) -> None:
        raise AttributeError(f"{self.name} is a declared field and cannot be deleted; assign another value")


def collect_fields(owner: type, base: type) -> dict[str, Field]:
    """All declared fields of `owner`, inherited ones first. `base` is LiveView, whose own names are taken.

    Raises FieldError for a type that cannot be kept or a name that LiveView needs itself.
    """
    fields: dict[str, Field] = {}
    hints = resolve(owner, owner.__qualname__)
    for source in reversed(owner.__mro__):
        declared = vars(source).get("__livets__")
        if declared is not None:
            fields |= {name: field for name, field in declared.fields.items() if field.owner is source}
        elif source not in base.__mro__ or source is owner:
            fields |= _own(owner, source, base, hints, fields)
    return fields


def _own(owner: type, source: type, base: type, hints: dict[str, Any], inherited: dict[str, Field]) -> dict[str, Field]:
    """Fields that `source` (the class itself or a plain mix-in) declares in its own body."""
    own: dict[str, Field] = {}
    for name in inspect.get_annotations(source):
        kind = hints[name]
        if name.startswith("_") or _is_constant(kind):
            continue
        if name in _SETTINGS:
            continue
        if owner is not base and hasattr(base, name) and name not in inherited:
            raise FieldError(
                f"{owner.__qualname__}.{name}: LiveView itself uses the name {name!r}; call the field something else"
            )
        own[name] = _field(owner, source, name, kind)
    for name, value in vars(source).items():
        # `count = 5` without an annotation, below a class that declares `count: int`: a new default.
        if name in inherited and name not in own and not isinstance(value, Field):
            own[name] = _field(owner, source, name, inherited[name].kind, inherited[name])
    return own


def _field(owner: type, source: type, name: str, kind: Any, inherited: Field | None = None) -> Field:
    value = source.__dict__.get(name, UNSET)
    if isinstance(value, Field):
        value = FieldOptions(value.default, value.factory, value.persist, value.bind, value.secret)
    elif not isinstance(value, FieldOptions):
        if isinstance(value, property) or hasattr(value, "__livets_event__"):
            raise FieldError(f"{owner.__qualname__}.{name} is both a field and a {type(value).__name__}")
        persist, bind = (inherited.persist, inherited.bind) if inherited else (True, False)
        value = FieldOptions(value, None, persist, bind, inherited is not None and inherited.secret)
    return Field(owner, name, kind, value)


def _is_constant(kind: Any) -> bool:
    return ClassVar in (kind, typing.get_origin(kind)) or Final in (kind, typing.get_origin(kind))


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
