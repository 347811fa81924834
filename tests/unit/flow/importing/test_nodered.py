"""Node-RED files: messages run to the right result, subflows and links are put in, hostile files are refused."""

from __future__ import annotations

import contextlib
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.events import Event
from livets.flow import FlowRuntime
from livets.flow.files import FileFault, from_json, to_json
from livets.flow.importing import Imported, read_foreign
from livets.flow.importing.nodered_nodes import TABLE
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate


def red(id: str, type: str, *wires: list[str], **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "z": "tab", "x": 1, "y": 1, "wires": list(wires), **more}


TAB = {"id": "tab", "type": "tab", "label": "Flow 1"}


def inject(payload: str, kind: str, *to: str) -> dict[str, Any]:
    return red("in", "inject", list(to), props=[{"p": "payload"}], payload=payload, payloadType=kind)


def imported(*nodes: Any) -> Imported:
    found = read_foreign([TAB, *nodes])
    assert validate(found.workflow, standard_registry()) == []
    assert from_json(to_json(found.workflow)) == found.workflow
    return found


async def payloads(found: Imported) -> list[Any]:
    async with FlowRuntime() as runtime:
        result = await runtime.run(found.workflow)
    assert not result.failures
    return [message.get("payload") for message in result.outputs.values() if isinstance(message, dict)]


async def test_a_message_is_parsed_changed_switched_and_logged() -> None:
    rules = [{"t": "gt", "v": "3", "vt": "num"}, {"t": "else"}]
    sets = [
        {"t": "set", "p": "n", "pt": "msg", "to": "payload.n", "tot": "msg"},
        {"t": "move", "p": "n", "pt": "msg", "to": "payload.m", "tot": "msg"},
        {"t": "delete", "p": "payload.n", "pt": "msg"},
    ]
    found = imported(
        inject('{"n": 5}', "str", "parse"),
        red("parse", "json", ["way"], property="payload", action="obj"),
        red("way", "switch", ["set"], ["no"], property="payload.n", rules=rules, checkall="true"),
        red("set", "change", ["out"], rules=sets),
        red("out", "debug", complete="true"),
        red("no", "function", func="return msg"),
    )
    assert await payloads(found) == [{"m": 5}]
    assert {entry.name: entry.how for entry in found.report.entries}["function no"] == "unmapped"


async def test_templates_links_junctions_and_subflows_are_put_in() -> None:
    flow = {"id": "S", "type": "subflow", "name": "twice", "in": [{"wires": [{"id": "t"}]}],
            "out": [{"wires": [{"id": "t", "port": 0}]}]}  # fmt: skip
    found = imported(
        flow,
        red("t", "template", [], field="payload", template="<{{payload}}>", syntax="mustache") | {"z": "S"},
        inject("a", "str", "one"),
        red("one", "subflow:S", ["two"]),
        red("two", "subflow:S", ["link"]),
        red("link", "link out", links=["there"], mode="link"),
        red("there", "link in", ["j"]),
        red("j", "junction", ["end"]),
        red("end", "debug", complete="true"),
    )
    assert found.report.complete
    assert await payloads(found) == ["<<a>>"]


async def test_what_is_disabled_or_a_note_is_left_out() -> None:
    found = imported(
        inject("1", "num", "end", "off"),
        red("off", "function", d=True),
        red("note", "comment"),
        red("end", "debug", complete="true"),
        {"id": "broker", "type": "mqtt-broker"},
    )
    assert {entry.name for entry in found.report.entries if entry.how == "dropped"} == {
        "Flow 1", "function off", "comment note", "mqtt-broker broker"
    }  # fmt: skip
    assert await payloads(found) == [1]


async def test_an_unknown_beginning_beside_a_known_one_stays_quiet() -> None:
    found = imported(inject("1", "num", "end"), red("m", "mqtt in", ["end"]), red("end", "debug", complete="true"))
    assert await payloads(found) == [1]
    assert not found.report.complete


def test_circles_are_cut_and_told() -> None:
    found = imported(inject("1", "num", "a"), red("a", "junction", ["b"]), red("b", "junction", ["a"]))
    assert "closes a circle" in found.report.remarks[0]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([1], "no object"),
        ([{"id": "x"}], "an id and a type"),
        ([red("a", "debug"), red("a", "debug")], "has the id 'a' already"),
        ([{"id": "S", "type": "subflow"}, red("i", "subflow:S") | {"z": "S"}, red("k", "subflow:S")], "holds itself"),
    ],
)
def test_what_is_no_flow_is_refused(nodes: list[Any], message: str) -> None:
    with pytest.raises(FileFault, match=message):
        read_foreign([TAB, *nodes])


def test_subflows_in_subflows_do_not_explode() -> None:
    nodes: list[Any] = []
    for deep in range(10):
        nodes.append({"id": f"S{deep}", "type": "subflow"})
        nodes += [red(f"n{deep}-{k}", f"subflow:S{deep + 1}") | {"z": f"S{deep}"} for k in range(8)]
    nodes += [{"id": "S10", "type": "subflow"}, red("top", "subflow:S0")]
    with pytest.raises(FileFault, match="more than 20000 nodes"):
        read_foreign([TAB, *nodes])


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6)
    | st.sampled_from(["a", "b", "{{x}}", "msg", "set"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["t", "p", "pt", "to", "tot", "v", "vt", "id", "wires", "port"]), inner),
    max_leaves=10,
)  # fmt: skip
FIELDS = ["rules", "props", "payload", "payloadType", "property", "template", "url", "method", "links", "in", "out",
          "filename", "repeat", "crontab",
          "timeout", "sep", "temp", "multi", "hdrin", "name", "info", "d", "z"]  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_file_becomes_a_valid_workflow_or_a_clear_error(data: st.DataObject) -> None:
    kinds = st.sampled_from([*TABLE, "subflow:d", "subflow", "tab", "other"])
    wires = st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]) | anything, max_size=3), max_size=3)
    nodes = []
    for id in "abcd":
        more = data.draw(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=8))
        nodes.append(red(id, data.draw(kinds), *cast("list[list[str]]", data.draw(wires))) | more)
    with contextlib.suppress(FileFault):  # a subflow that holds itself
        imported(*nodes)


UP = red("up", "template", ["join"], template="<{{{payload}}}>", field="payload")


@pytest.mark.parametrize(
    ("payload", "kind", "split", "join", "expected"),
    [
        ('["a", "b"]', "json", {}, {"mode": "auto"}, ["<a>", "<b>"]),
        ("a\nb", "str", {}, {"mode": "auto"}, "<a>\n<b>"),
        ("a-b-", "str", {"splt": "-"}, {"mode": "auto"}, "<a>-<b>-<>"),
        ("abc", "str", {"splt": "2", "spltType": "len"}, {"mode": "auto"}, "<ab><c>"),
        ('{"x": "1", "y": "2"}', "json", {}, {"mode": "auto"}, {"x": "<1>", "y": "<2>"}),
        ('{"x": "1", "y": "2"}', "json", {"addname": "topic"}, {"mode": "custom", "build": "object", "key": "topic"},
         {"x": "<1>", "y": "<2>"}),
        ('["a", "b"]', "json", {}, {"mode": "custom", "build": "string", "joiner": "\\n"}, "<a>\n<b>"),
        ('["a", "b"]', "json", {}, {"mode": "custom", "build": "array", "count": ""}, ["<a>", "<b>"]),
    ],
)  # fmt: skip
async def test_split_and_join(payload: str, kind: str, split: Any, join: Any, expected: Any) -> None:
    found = imported(
        inject(payload, kind, "split"),
        red("split", "split", ["up"], **{"splt": "\\n", "spltType": "str", "arraySplt": 1, **split}),
        UP,
        red("join", "join", ["out"], **join),
        red("out", "debug", complete="true"),
    )
    assert {entry.type: entry.how for entry in found.report.entries}.items() >= {
        "split": "exact",
        "join": "exact",
    }.items()
    assert await payloads(found) == [expected]
    async with FlowRuntime() as runtime:
        (message,) = (await runtime.run(found.workflow)).outputs.values()
    assert "parts" not in message


async def test_a_part_that_does_not_arrive_keeps_its_join_waiting_and_an_empty_array_gives_nothing() -> None:
    rules = [{"t": "neq", "v": "a", "vt": "str"}]
    nodes = [
        red("split", "split", ["way"]),
        red("way", "switch", ["join"], property="payload", rules=rules),
        red("join", "join", ["out"], mode="auto"),
        red("out", "debug", complete="true"),
    ]
    assert await payloads(imported(inject('["a", "b"]', "json", "split"), *nodes)) == []
    assert await payloads(imported(inject("[]", "json", "split"), *nodes)) == []
    assert await payloads(imported(inject('["c", "b"]', "json", "split"), *nodes)) == [["c", "b"]]


async def test_a_split_without_join_runs_what_follows_for_each_part() -> None:
    found = imported(
        inject("[[1, 2], [3]]", "json", "outer"),
        red("outer", "split", ["inner", "log"]),
        red("inner", "split", ["deep"]),
        red("log", "debug", complete="true"),
        red("deep", "debug", name="deep", complete="true"),
    )
    assert [entry.how for entry in found.report.entries if entry.type == "split"] == ["exact", "exact"]
    async with FlowRuntime() as runtime:
        with runtime.watch() as events:
            assert (await runtime.run(found.workflow)).status == "completed"
        done = [e.data["node"] for e in events.take() if isinstance(e, Event) and e.type == "flow.node.completed"]
    assert sum(path.endswith("/deep") for path in done) == 3
    assert sum(path.rpartition("/")[2].startswith("debug_log") for path in done) == 2


def test_hundreds_of_splits_in_a_row_are_read() -> None:
    splits = [red(f"s{n}", "split", [f"s{n + 1}"]) for n in range(400)]
    found = imported(inject("[1]", "json", "s0"), *splits)
    assert {entry.how for entry in found.report.entries} == {"exact", "unmapped", "dropped"}


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([red("s", "split", ["up"]), UP, red("join", "join", [], mode="reduce")], "reduces by an expression"),
        ([red("s", "split", ["up"]), UP, red("join", "join", [], mode="custom", build="array", count="3")], "so many"),
        ([red("s", "split", ["up"], stream=True), UP], "one stream"),
        ([red("s", "split", ["up"]), UP, red("late", "change", ["up"], rules=[])], "entered in the middle"),
        ([red("s", "join", [], mode="auto")], "that no Split begins"),
    ],
)
async def test_sequences_that_have_no_equivalent_are_told(nodes: list[Any], reason: str) -> None:
    more = [red("also", "inject", ["late"], payload="", payloadType="str")] if len(nodes) == 3 else []
    found = imported(inject("[1]", "json", "s"), *more, *nodes, *([red("join", "join", [])] if len(nodes) == 2 else []))
    told = [remark for entry in found.report.entries if entry.how == "unmapped" for remark in entry.remarks]
    assert any(reason in one for one in told), told
