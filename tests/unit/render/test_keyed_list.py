from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from livets.errors import FieldError
from livets.render.keyed_list import KeyedList, canonical_key


class Row(msgspec.Struct):
    id: int | str
    label: str = ""


class FrozenRow(msgspec.Struct, frozen=True):
    id: int
    label: str = ""


@dataclass
class Plain:
    id: int
    label: str = ""


@dataclass(frozen=True)
class FrozenPlain:
    id: int
    label: str = ""


def rows(*keys: int | str) -> KeyedList[Row]:
    return KeyedList([Row(key) for key in keys])


def ids(items: KeyedList[Any]) -> list[Any]:
    return [item.id for item in items]


def test_order_follows_every_kind_of_insertion() -> None:
    items = rows(1, 2, 3)
    items.append(Row(4))
    items.prepend(Row(0))
    items.insert(Row("b"), before=2)
    items.insert(Row("a"), after=2)
    items.insert(Row("z"), after=None)
    assert ids(items) == ["z", 0, 1, "b", 2, "a", 3, 4]
    assert items.keys() == ["z", 0, 1, "b", 2, "a", 3, 4]
    assert len(items) == 8


def test_the_log_names_operations_with_their_anchors() -> None:
    items = rows(1, 2)
    items.append(Row(3))
    items.insert(Row(4), before=1)
    items.move(3, after=1)
    items.update(2, label="x")
    items.remove(1)
    items.clear()
    assert items.log == [
        ("insert", 3, 2),
        ("insert", 4, None),
        ("move", 3, 1),
        ("update", 2),
        ("delete", 1),
        ("clear",),
    ]
    items.commit()
    assert items.log == []


def test_a_string_of_digits_and_the_int_are_one_key() -> None:
    items = rows("1", 2)
    assert 1 in items
    assert "2" in items
    assert items["2"].id == 2
    assert items[1].id == "1"
    with pytest.raises(FieldError, match="key 1 already"):
        items.append(Row(1))
    assert None not in items
    assert "01" not in items


@pytest.mark.parametrize(
    ("key", "canonical"),
    [
        ("7", 7),
        ("-7", -7),
        ("07", "07"),
        ("1_0", "1_0"),
        ("-0", "-0"),
        ("٣", "٣"),
        ("", ""),
        ("²", "²"),
        ("a1", "a1"),
        (2**60, str(2**60)),
        (str(2**60), str(2**60)),
        (str(2**53 - 1), 2**53 - 1),
    ],
)
def test_canonical_keys(key: int | str, canonical: int | str) -> None:
    assert canonical_key(key) == canonical


def test_items_need_a_key_and_the_error_says_how() -> None:
    with pytest.raises(FieldError, match=r"needs a str or int in 'id', found nothing in dict.*key="):
        KeyedList([{"name": "x"}])
    with pytest.raises(FieldError, match="found True"):
        KeyedList([{"id": True}])
    assert KeyedList([{"name": "x"}], key="name")["x"] == {"name": "x"}


def test_unknown_keys_are_key_errors_and_change_nothing() -> None:
    items = rows(1)
    for operation in (
        lambda: items[9],
        lambda: items.remove(9),
        lambda: items.move(9, after=None),
        lambda: items.move(1, after=9),
        lambda: items.insert(Row(2), after=9),
        lambda: items.insert(Row(2), before=9),
        lambda: items.swap(1, 9),
        lambda: items.update(9, label=""),
        lambda: items.touch(9),
        lambda: items.replace(Row(9)),
    ):
        with pytest.raises(KeyError):
            operation()
    assert items.log == []
    assert ids(items) == [1]
    assert items.get(9) is None
    assert items.get("1") == Row(1)


def test_insert_needs_exactly_one_anchor() -> None:
    items = rows(1, 2)
    with pytest.raises(FieldError, match="needs one of"):
        items.insert(Row(3))
    with pytest.raises(FieldError, match="needs one of"):
        items.insert(Row(3), before=1, after=2)


@pytest.mark.parametrize("kind", [Row, FrozenRow, Plain, FrozenPlain, lambda id: {"id": id, "label": ""}])
def test_update_works_for_every_kind_of_item_and_can_be_undone(kind: Any) -> None:
    items: KeyedList[Any] = KeyedList([kind(1), kind(2)])
    before = copy.deepcopy(list(items))
    mark = items.mark()
    items.update(2, label="new")
    changed = items[2]
    assert (changed["label"] if isinstance(changed, dict) else changed.label) == "new"
    items.undo(mark)
    assert list(items) == before
    assert items.log == []


def test_update_of_a_new_dict_entry_is_undone() -> None:
    items: KeyedList[dict[str, Any]] = KeyedList([{"id": 1}])
    items.update(1, done=True)
    items.undo(0)
    assert list(items) == [{"id": 1}]


def test_an_update_that_fails_changes_nothing() -> None:
    for item in (Row(1, "a"), FrozenRow(1, "a")):
        items: KeyedList[Any] = KeyedList([item])
        with pytest.raises((AttributeError, TypeError)):
            items.update(1, label="b", nope=1)
        assert items[1].label == "a"
        assert items.log == []
    with pytest.raises(FieldError, match="never changes"):
        items.update(1, id=2)


def test_touch_before_a_change_in_place_is_undone_and_keeps_the_object() -> None:
    for item in (Row(1, "a"), Plain(1, "a")):
        items: KeyedList[Any] = KeyedList([item])
        items.touch(1).label = "b"
        assert items.log == [("update", 1)]
        items.undo(0)
        assert items[1] is item
        assert items[1].label == "a"
    nested: KeyedList[Any] = KeyedList([{"id": 1, "tags": ["x"]}])
    nested.touch(1)["tags"].append("y")
    nested.undo(0)
    assert list(nested) == [{"id": 1, "tags": ["x"]}]


def test_touch_of_a_frozen_item_with_something_mutable_inside() -> None:
    class Holder(msgspec.Struct, frozen=True):
        id: int
        tags: list[str]

    items = KeyedList([Holder(1, ["x"])])
    items.touch(1).tags.append("y")
    items.undo(0)
    assert items[1].tags == ["x"]


def test_an_item_that_left_came_back_and_was_touched_is_restored() -> None:
    items = rows(1, 2)
    item = items.pop(1)
    items.append(item)
    items.touch(1).label = "changed"
    items.undo(0)
    assert list(items) == [Row(1), Row(2)]


def test_extend_is_all_or_nothing() -> None:
    items = rows(1)
    with pytest.raises(FieldError):
        items.extend([Row(2), Row(1)])
    assert ids(items) == [1]
    assert items.log == []
    items.extend([Row(2), Row(3)])
    assert ids(items) == [1, 2, 3]


def test_items_may_be_removed_while_iterating() -> None:
    items = rows(*range(10))
    for item in items:
        if int(item.id) % 2:
            items.remove(item.id)
    assert ids(items) == [0, 2, 4, 6, 8]
    for item in items:
        items.remove(item.id)
    assert not items


def test_settle_keeps_the_log_for_the_renderer_until_it_is_longer_than_the_list() -> None:
    items = rows(1, 2)
    items.append(Row(3))
    items.settle()
    assert items.mark() == 0
    assert items.log == [("insert", 3, 2)]
    mark = items.mark()
    items.update(1, label="x")
    assert items.since(mark) == [("update", 1)]
    items.undo(mark)
    assert items.log == [("insert", 3, 2)]
    for _ in range(100):
        items.update(1, label="y")
    assert items.overflowed
    assert len(items.since(mark)) == 100
    items.settle()
    assert items.overflowed
    assert items.log == []
    items.commit()
    assert not items.overflowed


def test_equality_copy_and_repr() -> None:
    items = rows(1, 2)
    assert items == rows(1, 2)
    assert items != rows(2, 1)
    assert (items == [Row(1), Row(2)]) is False
    items.append(Row(3))
    copied = copy.deepcopy(items)
    assert copied == items
    assert copied.log == []
    assert copied[1] is not items[1]
    assert copy.copy(items)[1] is items[1]
    assert repr(rows(1)) == "KeyedList([Row(id=1, label='')], key='id')"
    with pytest.raises(TypeError, match="unhashable"):
        hash(items)


def test_a_log_of_another_list_is_refused() -> None:
    for log in ([("insert", 1, None)], [("delete", 9)], [("move", 9, None)], [("insert", 5, 9)]):
        with pytest.raises(LookupError):
            rows(1, 2).replay(log, {})


def test_every_clear_is_an_operation_of_its_own() -> None:
    items = rows(1)
    items.clear()
    items.append(Row(1))
    items.clear()
    assert items.log[-1] is not items.log[0]


def test_version_counts_undoing_too() -> None:
    items = rows(1)
    items.append(Row(2))
    items.undo(0)
    assert items.version == 2
