"""KeyedList beside a plain list: any operations, commits and undoings give the same."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from livets.render.keyed_list import KeyedList


class AgainstAPlainList(RuleBasedStateMachine):
    """Every operation, undo, settle, commit and replay against a plain list of (key, label) pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.real: KeyedList[dict[str, Any]] = KeyedList([{"id": key, "label": ""} for key in (1, 2, 3)])
        self.model: list[list[Any]] = [[1, ""], [2, ""], [3, ""]]
        self.base = copy.deepcopy(self.real)
        self.history: list[tuple[int, list[list[Any]]]] = []
        self.fresh = 10

    def position(self, key: int) -> int:
        return next(i for i, row in enumerate(self.model) if row[0] == key)

    def new(self) -> int:
        self.fresh += 1
        return self.fresh

    def pick(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from([row[0] for row in self.model]))

    @rule()
    def append(self) -> None:
        key = self.new()
        self.real.append({"id": key, "label": ""})
        self.model.append([key, ""])

    @rule()
    def prepend(self) -> None:
        key = self.new()
        self.real.prepend({"id": key, "label": ""})
        self.model.insert(0, [key, ""])

    @precondition(lambda self: self.model)
    @rule(data=st.data(), before=st.booleans())
    def insert(self, data: st.DataObject, before: bool) -> None:
        anchor, key = self.pick(data), self.new()
        at = self.position(anchor)
        if before:
            self.real.insert({"id": key, "label": ""}, before=anchor)
        else:
            self.real.insert({"id": key, "label": ""}, after=anchor)
        self.model.insert(at if before else at + 1, [key, ""])

    @precondition(lambda self: self.model)
    @rule(data=st.data(), label=st.sampled_from("abc"), how=st.sampled_from(["update", "replace", "touch"]))
    def change(self, data: st.DataObject, label: str, how: str) -> None:
        key = self.pick(data)
        if how == "update":
            self.real.update(key, label=label)
        elif how == "replace":
            self.real.replace({"id": key, "label": label})
        else:
            self.real.touch(key)["label"] = label
        self.model[self.position(key)] = [key, label]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        key = self.pick(data)
        self.real.remove(str(key))
        del self.model[self.position(key)]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove_and_put_back(self, data: st.DataObject) -> None:
        key = self.pick(data)
        item = self.real.pop(key)
        self.real.append(item)
        self.model.append(self.model.pop(self.position(key)))

    @precondition(lambda self: len(self.model) > 1)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        key, anchor = self.pick(data), data.draw(st.sampled_from([None, *(row[0] for row in self.model)]))
        self.real.move(key, after=anchor)
        if anchor != key:
            row = self.model.pop(self.position(key))
            self.model.insert(0 if anchor is None else self.position(anchor) + 1, row)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def swap(self, data: st.DataObject) -> None:
        a, b = self.pick(data), self.pick(data)
        self.real.swap(a, b)
        i, j = self.position(a), self.position(b)
        self.model[i], self.model[j] = self.model[j], self.model[i]

    @rule()
    def clear(self) -> None:
        self.real.clear()
        self.model.clear()

    @rule()
    def mark(self) -> None:
        self.history.append((self.real.mark(), copy.deepcopy(self.model)))

    @precondition(lambda self: self.history)
    @rule()
    def undo(self) -> None:
        mark, model = self.history.pop()
        self.real.undo(mark)
        self.model = model

    @rule()
    def settle(self) -> None:
        log = list(self.real.log)
        self.real.settle()
        self.history.clear()
        if self.real.overflowed:
            self.commit()
        else:
            assert self.real.log == log

    @rule()
    def commit(self) -> None:
        if not self.real.overflowed:
            self.check_replay()
        self.real.commit()
        self.history.clear()
        self.base = copy.deepcopy(self.real)

    @invariant()
    def same(self) -> None:
        assert [[item["id"], item["label"]] for item in self.real] == self.model
        assert self.real.keys() == [row[0] for row in self.model]
        assert len(self.real) == len(self.model)
        keys = self.real.keys()
        before = dict(zip(keys, [None, *keys], strict=False))
        for some in (keys, keys[-2:], keys[:1], keys[1::2], []):
            assert self.real.predecessors(some) == {key: before[key] for key in some}
        for row in self.model:
            assert self.real[row[0]]["label"] == row[1]

    def check_replay(self) -> None:
        touched = {operation[1] for operation in self.real.log if operation[0] in ("insert", "update")}
        self.base.replay(self.real.log, {key: copy.deepcopy(self.real[key]) for key in touched if key in self.real})
        assert self.base == self.real


TestAgainstAPlainList = AgainstAPlainList.TestCase
TestAgainstAPlainList.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


@pytest.mark.nightly
class TestAgainstAPlainListForLong(AgainstAPlainList.TestCase):  # type: ignore[misc, name-defined]
    """The same with very many histories."""

    settings = settings(max_examples=2000, stateful_step_count=60, deadline=None)
