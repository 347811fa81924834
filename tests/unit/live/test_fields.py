from __future__ import annotations

import datetime
import decimal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

import msgspec
import pytest

from livets import KeyedList, LiveView, event, field
from livets.errors import ConfigError, FieldError


class Row(msgspec.Struct):
    id: int
    label: str = ""


class FrozenRow(msgspec.Struct, frozen=True):
    id: int
    tags: tuple[str, ...] = ()


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int = 0


class Tree(msgspec.Struct):
    children: list[Tree] = []


class Everything(LiveView):
    count: int = 0
    ratio: float = 0.5
    name: str = ""
    maybe: int | None = None
    rows: list[Row] = []
    by_name: dict[str, list[int]] = {}
    seen: set[int] = set()
    frozen: FrozenRow = FrozenRow(1)
    point: Point = Point()
    keyed: KeyedList[Row] = KeyedList()
    when: datetime.datetime | None = None
    price: decimal.Decimal = decimal.Decimal(0)
    colour: Colour = Colour.RED
    mode: Literal["a", "b"] = "a"
    small: Annotated[int, msgspec.Meta(ge=0)] = 0
    tree: Tree | None = None
    later: str
    LIMIT: ClassVar[int] = 5
    _private: list[Any] = []


def test_annotated_attributes_are_fields_and_nothing_else_is() -> None:
    declared = set(Everything.__livets__.fields)
    assert {"count", "keyed", "later", "tree"} <= declared
    assert not {"LIMIT", "_private", "template", "session"} & declared
    view = Everything()
    assert view.LIMIT == 5
    assert list(view.state) == [name for name in Everything.__livets__.fields if name not in ("title", "later")]


def test_every_kind_of_value_round_trips() -> None:
    view = Everything()
    view.rows = [Row(1, "a")]
    view.when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    view.keyed.append(Row(2))
    view.tree = Tree([Tree()])
    for name, declared in Everything.__livets__.fields.items():
        if name in view.__dict__:
            assert declared.codec is not None
            assert declared.codec.decode(declared.codec.encode(view.__dict__[name])) == view.__dict__[name]


def test_which_types_can_change_in_place() -> None:
    mutable = {name for name, declared in Everything.__livets__.fields.items() if declared.mutable}
    assert mutable == {"rows", "by_name", "seen", "point", "keyed", "tree"}


@pytest.mark.parametrize(
    "kind",
    [
        object,
        Callable[[], int],
        threading.Lock,
        list[object],
        tuple[Any, threading.Thread],
        int | threading.Thread,
        list[int] | tuple[int, ...],
        KeyedList,
        dict[str, KeyedList[Row]],
        complex,
        memoryview,
    ],
)
def test_types_that_do_not_come_back_are_refused_with_the_way_out(kind: Any) -> None:
    with pytest.raises(FieldError, match=r"Bad\.thing: .*cannot be kept in a snapshot.*field\(persist=False\)"):
        type("Bad", (LiveView,), {"__annotations__": {"thing": kind}, "__module__": __name__})
    view = type("Good", (LiveView,), {"__annotations__": {"thing": kind}, "thing": field(None, persist=False)})()
    assert view.thing is None


def test_mutable_defaults_are_copied_for_each_view() -> None:
    class Copies(LiveView):
        rows: list[Row] = [Row(1)]
        keyed: KeyedList[Row] = KeyedList([Row(1)])
        made: dict[str, int] = field(default_factory=dict)
        odd: list[Any] = field([], persist=False)

    one, two = Copies(), Copies()
    one.rows.append(Row(2))
    one.rows[0].label = "changed"
    one.keyed.append(Row(2))
    one.made["x"] = 1
    one.odd.append(1)
    assert (two.rows, two.keyed, two.made, two.odd) == ([Row(1)], KeyedList([Row(1)]), {}, [])
    assert two.keyed.log == []


def test_fields_are_inherited_overridden_and_mixed_in() -> None:
    class Paged:
        page: int = 1
        size: int = 10

    class Base(Paged, LiveView):
        items: list[int] = []
        title = "Base"

    class Child(Base):
        page = 5
        extra: str = "x"

    assert Base().page == 1
    assert Child().page == 5
    assert Child().size == 10
    assert Child().title == "Base"
    assert set(Child().state) == {"page", "size", "items", "extra"}
    assert Base.__livets__.fields["page"].default == 1
    assert Child.__livets__.fields["items"] is Base.__livets__.fields["items"]


def test_local_types_in_string_annotations_are_found() -> None:
    class Local(msgspec.Struct):
        id: int

    class View(LiveView):
        rows: list[Local] = []

        @event
        async def add(self, row: Local) -> None: ...

    assert View().rows == []


def test_an_annotation_that_cannot_be_resolved_names_the_class() -> None:
    with pytest.raises(ConfigError, match=r"View: an annotation cannot be understood.*Nowhere"):
        type("View", (LiveView,), {"__annotations__": {"x": "Nowhere"}, "__qualname__": "View"})


def test_names_of_liveview_are_taken() -> None:
    with pytest.raises(FieldError, match=r"session: LiveView itself uses the name 'session'"):
        type("Bad", (LiveView,), {"__annotations__": {"session": int}})
    with pytest.raises(FieldError, match="both a field and"):

        class Clash(LiveView):
            x: int

            @event
            def x(self) -> None: ...  # type: ignore[no-redef]


def test_field_options_that_contradict_each_other() -> None:
    with pytest.raises(FieldError, match="not both"):
        field(1, default_factory=int)
    with pytest.raises(FieldError, match="never writes"):
        field(1, bind=True, persist=False)


def test_a_field_without_a_value_says_so_and_deleting_is_refused() -> None:
    view = Everything()
    with pytest.raises(AttributeError, match=r"Everything.later has no value yet.*mount"):
        _ = view.later
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del view.count
    view.later = "now"
    assert view.later == "now"


def test_state_and_set_state() -> None:
    view = Everything()
    view.set_state(count=3, name="x")
    assert view.state["count"] == 3
    assert len(view.state) == len(list(view.state))
    with pytest.raises(FieldError, match=r"no field 'nope'.*It has: by_name"):
        view.set_state(count=4, nope=1)
    assert view.count == 3
    view.state["count"] = 9
    assert view.count == 9
    with pytest.raises(KeyError):
        view.state["later"]
    with pytest.raises(FieldError):
        view.touch("nope")
    assert "count" in repr(view.state)


def test_class_information_is_per_class() -> None:
    assert Everything().__livets__ is Everything().__livets__
    assert Everything().__dict__.keys() <= set(Everything.__livets__.fields)


def test_views_work_without_a_runner() -> None:
    class Counter(LiveView):
        count: int = 0

        @event
        def add(self, by: int = 1) -> None:
            self.count += by
            self.broadcast("t", self.count)
            self.subscribe("t", self.add)

    view = Counter()
    view.add(2)
    assert view.count == 2
