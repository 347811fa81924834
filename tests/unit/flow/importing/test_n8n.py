"""n8n files: what maps runs to the right result, what does not is told by name, hostile files end in clear errors."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.flow import FlowRuntime
from livets.flow.files import FileFault, from_json, to_json
from livets.flow.importing import Imported, read_foreign
from livets.flow.importing.n8n_ways import TABLE
from livets.flow.nodes import standard_registry
from livets.flow.validate import validate


def node(name: str, kind: str, parameters: Any = None, version: float = 1, **more: Any) -> dict[str, Any]:
    kind = kind if "." in kind else f"n8n-nodes-base.{kind}"
    own = {"id": name, "name": name, "type": kind, "typeVersion": version, "position": [0, 0]}
    return {**own, "parameters": parameters or {}, **more}


def chain(*nodes: dict[str, Any], extra: Any = (), **more: Any) -> dict[str, Any]:
    """A file whose nodes follow each other; `extra` are (source, output, target, input)."""
    links = extra if extra else [(a["name"], 0, b["name"], 0) for a, b in itertools.pairwise(nodes)]
    connections: dict[str, Any] = {}
    for source, output, target, place in links:
        outputs = connections.setdefault(source, {"main": []})["main"]
        outputs += [[] for _ in range(output + 1 - len(outputs))]
        outputs[output].append({"node": target, "type": "main", "index": place})
    return {"name": "mine", "nodes": list(nodes), "connections": connections, **more}


def imported(plain: Any) -> Imported:
    found = read_foreign(plain)
    assert validate(found.workflow, standard_registry()) == []
    assert from_json(to_json(found.workflow)) == found.workflow
    return found


async def ran(found: Imported) -> dict[str, Any]:
    async with FlowRuntime() as runtime:
        return dict((await runtime.run(found.workflow)).outputs)


PEOPLE = [
    {"json": {"name": "Ann", "age": 30}},
    {"json": {"name": "Bob", "age": 17}},
    {"json": {"name": "Cy", "age": 50}},
]
START = node("Go", "manualTrigger")
PINNED = {"pinData": {"Go": PEOPLE}}


def assign(*rows: tuple[str, Any, str], **more: Any) -> dict[str, Any]:
    return {"assignments": {"assignments": [{"name": n, "value": v, "type": t} for n, v, t in rows]}, **more}


def check(left: str, operation: str, right: Any, kind: str = "number") -> dict[str, Any]:
    one = {"leftValue": left, "rightValue": right, "operator": {"type": kind, "operation": operation}}
    return {"conditions": {"combinator": "and", "conditions": [one]}}


async def test_items_are_sent_their_ways_and_changed_one_by_one() -> None:
    plain = chain(
        START,
        node("Adult?", "if", check("={{ $json.age }}", "gte", 18), 2),
        node("Greet", "set", assign(("hi", "=Hello {{ $json.name }}!", "string")), 3.4),
        node("Young", "set", assign(("n", "5", "number"), includeOtherFields=True), 3.4),
        extra=[("Go", 0, "Adult?", 0), ("Adult?", 0, "Greet", 0), ("Adult?", 1, "Young", 0)],
        **PINNED,
    )
    found = imported(plain)
    assert found.report.complete
    assert {entry.how for entry in found.report.entries} == {"exact"}
    outputs = await ran(found)
    assert outputs["Greet"] == [{"hi": "Hello Ann!"}, {"hi": "Hello Cy!"}]
    assert outputs["Young"] == [{"name": "Bob", "age": 17, "n": 5}]


async def test_a_way_that_no_item_takes_is_not_run() -> None:
    plain = chain(
        START,
        node("Old?", "if", check("={{ $json.age }}", "gt", 99), 2),
        node("Stop", "stopAndError", {"errorMessage": "too old"}),
        node("Fine", "noOp"),
        extra=[("Go", 0, "Old?", 0), ("Old?", 0, "Stop", 0), ("Old?", 1, "Fine", 0)],
        **PINNED,
    )
    assert len((await ran(imported(plain)))["Fine"]) == 3


async def test_other_nodes_are_read_at_the_same_place() -> None:
    expression = '={{ $node["Go"].json.name }}'
    plain = chain(
        START,
        node("Ages", "set", assign(("age", "={{ $json.age }}", "number")), 3.4),
        node("Both", "set", assign(("who", expression, "string"), ("n", "={{ $itemIndex }}", "number")), 3.4),
        **PINNED,
    )
    found = imported(plain)
    assert [entry.how for entry in found.report.entries] == ["exact", "exact", "differs"]
    assert [one["who"] for one in (await ran(found))["Both"]] == ["Ann", "Bob", "Cy"]


async def test_a_loop_over_items_runs_its_body_for_each_batch() -> None:
    plain = chain(
        START,
        node("Loop", "splitInBatches", {"batchSize": 2}, 3),
        node("Body", "set", assign(("seen", True, "boolean"), includeOtherFields=True), 3.4),
        node("Done", "limit", {"maxItems": 9}),
        extra=[("Go", 0, "Loop", 0), ("Loop", 1, "Body", 0), ("Body", 0, "Loop", 0), ("Loop", 0, "Done", 0)],
        **PINNED,
    )
    found = imported(plain)
    assert found.report.complete
    done = (await ran(found))["Done"]
    assert [(one["name"], one["seen"]) for one in done] == [("Ann", True), ("Bob", True), ("Cy", True)]


async def test_sorting_merging_aggregating() -> None:
    by_age = {"sortFieldsUi": {"sortField": [{"fieldName": "age", "order": "descending"}]}}
    fields = {"fieldsToAggregate": {"fieldToAggregate": [{"fieldToAggregate": "name"}]}}
    plain = chain(
        START,
        node("Sort", "sort", by_age),
        node("First", "limit", {"maxItems": 1}),
        node("Join", "merge", {"mode": "append"}, 3),
        node("All", "aggregate", fields),
        extra=[
            ("Go", 0, "Sort", 0), ("Sort", 0, "First", 0), ("First", 0, "Join", 1), ("Sort", 0, "Join", 0),
            ("Join", 0, "All", 0),
        ],
        **PINNED,
    )  # fmt: skip
    assert (await ran(imported(plain)))["All"] == [{"name": ["Cy", "Ann", "Bob", "Cy"]}]


def new_condition(left: str, operation: str, right: Any, kind: str) -> dict[str, Any]:
    one = {"leftValue": left, "rightValue": right, "operator": {"type": kind, "operation": operation}}
    return {"conditions": {"conditions": [one], "combinator": "and"}}


@pytest.mark.parametrize(
    ("parameters", "adults"),
    [
        (new_condition("={{ $json.name.length }}", "equals", 3, "number"), ["Ann", "Bob"]),
        (new_condition("={{ $json.name }}!", "equals", "Ann!", "string"), ["Ann"]),
        (new_condition("={{ $('Go').first().json.name }}", "equals", "Ann", "string"), ["Ann", "Bob", "Cy"]),
        (new_condition("={{ $('Go').last().json.name }}", "notEquals", "Cy", "string"), None),
        (new_condition("={{ $json.nick ?? $json.name }}", "startsWith", "B", "string"), ["Bob"]),
    ],
)
async def test_conditions_on_what_is_computed(parameters: dict[str, Any], adults: list[str] | None) -> None:
    plain = chain(
        START, node("If", "if", parameters, 2), node("Yes", "noOp"), node("No", "noOp"),
        extra=[("Go", 0, "If", 0), ("If", 0, "Yes", 0), ("If", 1, "No", 0)], **PINNED,
    )  # fmt: skip
    found = imported(plain)
    assert {entry.name: entry.how for entry in found.report.entries}["If"] == "exact"
    outputs = await ran(found)
    assert ([one["name"] for one in outputs["Yes"]] if "Yes" in outputs else None) == adults
    assert all(one.keys() == {"name", "age"} for items in outputs.values() for one in items), "and nothing more"


def cities(*rows: tuple[str, str]) -> dict[str, Any]:
    """A node that gives these rows, whatever comes."""
    return {"mode": "raw", "jsonOutput": json.dumps({"rows": [{"name": name, "city": city} for name, city in rows]})}


BY_NAME = {"fieldsToMatchString": "name"}
ANN, BOB, CY = (one["json"] for one in PEOPLE)
BERN, ROME = {"name": "Ann", "city": "Bern"}, {"name": "Zoe", "city": "Rome"}


@pytest.mark.parametrize(
    ("parameters", "version", "how", "expected"),
    [
        ({"mode": "combine", "combineBy": "combineByPosition"}, 3, "exact", [ANN | BERN, BOB | ROME]),
        ({"mode": "combine", "combinationMode": "mergeByPosition"}, 2.1, "exact", [ANN | BERN, BOB | ROME]),
        ({"mode": "mergeByIndex", "join": "inner"}, 1, "exact", [ANN | BERN, BOB | ROME]),
        ({"mode": "mergeByIndex"}, 1, "exact", [ANN | BERN, BOB | ROME, CY]),
        ({"mode": "combine", "combineBy": "combineByPosition", "options": {"includeUnpaired": True}}, 3.1, "exact",
         [ANN | BERN, BOB | ROME, CY]),
        ({"mode": "combine", **BY_NAME}, 3, "exact", [ANN | BERN]),
        ({"mode": "combine", "mergeByFields": {"values": [{"field1": "name", "field2": "name"}]}}, 2.1, "exact",
         [ANN | BERN]),
        ({"mode": "combine", **BY_NAME, "joinMode": "enrichInput1"}, 3, "exact", [ANN | BERN, BOB, CY]),
        ({"mode": "combine", **BY_NAME, "joinMode": "enrichInput2"}, 3, "exact", [BERN | ANN, ROME]),
        ({"mode": "combine", **BY_NAME, "joinMode": "keepEverything"}, 3, "exact", [ANN | BERN, BOB, CY, ROME]),
        ({"mode": "combine", **BY_NAME, "joinMode": "keepNonMatches", "outputDataFrom": "input2"}, 3, "exact", [ROME]),
        ({"mode": "combine", **BY_NAME, "outputDataFrom": "input1"}, 3, "exact", [ANN]),
        ({"mode": "removeKeyMatches", "propertyName1": "name", "propertyName2": "name"}, 1, "exact", [BOB, CY]),
        ({"mode": "keepKeyMatches", "propertyName1": "name", "propertyName2": "name"}, 1, "exact", [ANN]),
        ({"mode": "mergeByKey", "propertyName1": "name", "propertyName2": "name"}, 1, "differs", [ANN | BERN, BOB, CY]),
        ({"mode": "combine", "combineBy": "combineAll"}, 3, "exact",
         [one | other for one in (ANN, BOB, CY) for other in (BERN, ROME)]),
    ],
)  # fmt: skip
async def test_joins(parameters: dict[str, Any], version: float, how: str, expected: Any) -> None:
    plain = chain(
        START,
        node("Cities", "set", cities(("Ann", "Bern"), ("Zoe", "Rome")), 3.4),
        node("One", "limit"),
        node("Rows", "splitOut", {"fieldToSplitOut": "rows"}),
        node("Merge", "merge", parameters, version),
        extra=[("Go", 0, "One", 0), ("One", 0, "Cities", 0), ("Cities", 0, "Rows", 0), ("Rows", 0, "Merge", 1),
               ("Go", 0, "Merge", 0)],
        **PINNED,
    )  # fmt: skip
    found = imported(plain)
    assert {entry.name: entry.how for entry in found.report.entries}["Merge"] == how
    assert (await ran(found))["Merge"] == expected


async def test_three_inputs_by_position_and_one_that_is_missing() -> None:
    sets = [
        node(f"S{n}", "set", assign((f"f{n}", str(n), "string"), includeOtherFields=n == 1), 3.4) for n in (1, 2, 3)
    ]
    merge = node("Merge", "merge", {"mode": "combine", "combineBy": "combineByPosition", "numberInputs": 3}, 3)
    links = [("Go", 0, f"S{n}", 0) for n in (1, 2, 3)] + [(f"S{n}", 0, "Merge", n - 1) for n in (1, 2, 3)]
    whole = (await ran(imported(chain(START, *sets, merge, extra=links, **PINNED))))["Merge-2"]
    assert whole[0] == {"name": "Ann", "age": 30, "f1": "1", "f2": "2", "f3": "3"}
    two = (await ran(imported(chain(START, *sets, merge, extra=links[:-1], **PINNED))))["Merge-2"]
    assert two == [], "as in n8n: one of the inputs has no items"


async def test_what_has_no_equivalent_fails_with_its_reason_when_it_is_run() -> None:
    found = imported(chain(START, node("Think", "code", {"jsCode": "return []"}), node("Note", "stickyNote")))
    how = {entry.name: entry.how for entry in found.report.entries}
    assert how == {"Go": "exact", "Think": "unmapped", "Note": "dropped"}
    assert not found.report.complete
    async with FlowRuntime() as runtime:
        result = await runtime.run(found.workflow)
    assert result.counts["failed"] == 1
    assert "javaScript code is not run here" in str(result.failures)


async def test_what_nothing_leads_to_never_runs_and_disabled_nodes_give_on() -> None:
    plain = chain(
        START, node("Off", "code", disabled=True), node("Alone", "code"), node("End", "noOp"),
        extra=[("Go", 0, "Off", 0), ("Off", 0, "End", 0)],
    )  # fmt: skip
    assert (await ran(imported(plain)))["End"] == [{}]


def test_circles_without_a_loop_node_are_cut_and_told() -> None:
    a, b = node("A", "noOp"), node("B", "noOp")
    found = imported(chain(START, a, b, extra=[("Go", 0, "A", 0), ("A", 0, "B", 0), ("B", 0, "A", 0)]))
    assert "'B' -> 'A' closes a circle" in found.report.remarks[0]


def test_of_two_nodes_with_one_name_both_are_kept_and_connections_may_name_ids() -> None:
    twin = node("Go", "noOp") | {"id": "twin"}
    found = imported({"nodes": [START, twin], "connections": {"Go": {"main": [[{"node": "twin"}]]}}})
    assert "another node is called 'Go' already" in found.report.remarks[0]
    assert [(link.from_node, link.to_node) for link in found.workflow.connections] == [("Go", "Go_1")]


def test_a_request_is_one_for_each_item() -> None:
    parameters = {"url": "=https://example.com/{{ $json.id }}", "method": "POST", "sendBody": True,
                  "bodyParameters": {"parameters": [{"name": "a", "value": "={{ $json.b }}"}]}}  # fmt: skip
    found = imported(chain(START, node("Get", "httpRequest", parameters, 4.2, retryOnFail=True)))
    inner = next(iter(found.workflow.definitions.values()))
    assert inner.nodes[-1].type == "http.request"
    assert inner.nodes[-1].config["method"] == "POST"
    retry = inner.nodes[-1].retry
    assert retry is not None
    assert retry.max_attempts == 3


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"field": "days", "triggerAtHour": 8, "triggerAtMinute": 5}, {"cron": "5 8 * * *"}),
        ({"field": "minutes", "minutesInterval": 10}, {"every_s": 600.0}),
        ({"field": "cronExpression", "expression": "0 30 9 * * 1-5"}, {"cron": "30 9 * * 1-5 0"}),
        ({"field": "weeks", "triggerAtDay": [1, 3], "triggerAtHour": 7}, {"cron": "0 7 * * 1,3"}),
    ],
)
def test_times(rule: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = imported({"nodes": [node("T", "scheduleTrigger", {"rule": {"interval": [rule]}})], "connections": {}})
    assert found.workflow.nodes[0].config.items() >= wanted.items()


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"nodes": [1], "connections": {}}, "no object"),
        ({"nodes": [{"type": "a"}], "connections": {}}, "no name"),
        ({"nodes": [START], "connections": []}, "connections is no object"),
        ([1], "neither n8n"),
    ],
)
def test_what_is_no_workflow_is_refused(plain: Any, message: str) -> None:
    with pytest.raises(FileFault, match=message):
        read_foreign(plain)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["={{ $json.a }}", "={{", "{{ a }}", '={{ $("n1").first().json.x }}', "$input", "main", "n1"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["conditions", "value", "rules", "values", "assignments", "name", "url", "$input"]), inner
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_file_becomes_a_valid_workflow_or_a_clear_error(data: st.DataObject) -> None:
    names = ["n1", "n2", "n3", "n4"]
    kinds = st.sampled_from([*TABLE, "splitInBatches", "stickyNote", "other"])
    nodes = [
        node(name, data.draw(kinds), None, data.draw(st.sampled_from([1, 2, 3.4])))
        | {"parameters": data.draw(json_values)}
        for name in names
    ]  # fmt: skip
    target = st.fixed_dictionaries({"node": st.sampled_from(names), "index": st.integers(-1, 2)})
    outputs = st.lists(st.lists(target | json_values, max_size=3), max_size=3)
    connections = {name: {"main": data.draw(outputs)} for name in names}
    imported({"nodes": nodes, "connections": connections})


async def test_a_loop_that_leads_to_itself_gives_its_items_on() -> None:
    plain = chain(
        START, node("Loop", "splitInBatches", {"batchSize": 2}, 3), node("End", "noOp"),
        extra=[("Go", 0, "Loop", 0), ("Loop", 0, "End", 0), ("Loop", 1, "Loop", 0)], **PINNED,
    )  # fmt: skip
    assert (await ran(imported(plain)))["End"] == [ANN, BOB, CY]
