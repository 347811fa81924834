"""The nodes that transform values: each against what it says, and against what it must refuse."""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.errors import NodeError
from livets.engine.values import Json
from livets.flow import Grants
from livets.flow.records import get, order_key, put, remove
from tests.unit.flow.nodes.running import failure, give

PEOPLE = [{"name": "Ann", "age": 31, "at": {"city": "Bern"}}, {"name": "Bo", "age": 9, "at": {"city": "Rome"}}]


async def test_json_is_parsed_and_written_without_loss() -> None:
    assert await give("transform.json_parse", text='{"type": "x", "n": 9007199254740993}') == {
        "type": "x",
        "n": 9007199254740993,
    }
    assert await give("transform.json_parse", text=b"[1.0, null]") == [1.0, None]
    assert await give("transform.json_parse", {"opaque": True}, text="[1]") == Json([1])
    assert await give("transform.json_parse", {"lines": True}, text="1\n[2]\n") == [1, [2]]
    assert await give("transform.json_stringify", value={"b": [1, Json({"x": None})], "a": 1.5}) == (
        '{"b":[1,{"x":null}],"a":1.5}'
    )
    assert await give("transform.json_stringify", {"indent": 2, "sort_keys": True}, value={"b": 1, "a": 2}) == (
        '{\n  "a": 2,\n  "b": 1\n}'
    )
    assert await give("transform.json_stringify", {"tagged": True}, value=b"hi") == '{"$bytes":"aGk="}'


async def test_what_is_no_json_is_said_so() -> None:
    assert "json: no JSON: " in await failure("transform.json_parse", text="{'a': 1}")
    assert "json: " in await failure("transform.json_parse", text="[" * 100_000)
    assert "input: it takes text" in await failure("transform.json_parse", text=5)
    assert "JSON has no nan" in await failure("transform.json_stringify", value=math.nan)
    assert "JSON has no bytes" in await failure("transform.json_stringify", value=[b""])


async def test_queries_find_what_they_describe() -> None:
    value = {"people": PEOPLE}
    assert await give("transform.query", {"expression": "people[?age > `18`].name"}, value=value) == ["Ann"]
    assert await give("transform.query", {"expression": "people[*].{n: name, c: at.city}"}, value=value) == [
        {"n": "Ann", "c": "Bern"},
        {"n": "Bo", "c": "Rome"},
    ]
    assert await give("transform.query", {"expression": "nothing.here"}, value=Json(value)) is None
    strict = {"expression": "nothing", "required": True}
    assert "missing: 'nothing' finds nothing" in await failure("transform.query", strict, value=value)
    assert "query: " in await failure("transform.query", {"expression": "sum(people)"}, value=value)
    with pytest.raises(Exception, match="is no JMESPath"):
        await give("transform.query", {"expression": "a[["}, value=value)
    with pytest.raises(Exception, match="is no JMESPath"):
        await give("transform.query", {"expression": "[" * 3000}, value=value)


async def test_fields_are_set_renamed_selected() -> None:
    set_ = {"fields": {"at.zip": 3000, "raw": {"$bytes": "aGk="}}, "copy": {"label": "name"}}
    assert await give("transform.set", set_, value=PEOPLE[0]) == {
        "name": "Ann", "age": 31, "at": {"city": "Bern", "zip": 3000}, "raw": b"hi", "label": "Ann",
    }  # fmt: skip
    assert PEOPLE[0]["at"] == {"city": "Bern"}, "what flows to other nodes too must not change"
    swap = {"fields": {"name": "age", "age": "name", "gone": "x"}}
    assert await give("transform.rename", swap, value=[{"name": "A", "age": 1}]) == [{"name": 1, "age": "A"}]
    strict = {"fields": {"gone": "x"}, "strict": True}
    assert "missing: there is no field 'gone'" in await failure("transform.rename", strict, value={})
    keep = {"keep": ["at.city", "name", "gone"]}
    assert await give("transform.select", keep, value=PEOPLE) == [
        {"at": {"city": "Bern"}, "name": "Ann"},
        {"at": {"city": "Rome"}, "name": "Bo"},
    ]
    assert await give("transform.select", {"drop": ["at.city", "age"]}, value=PEOPLE[1]) == {"name": "Bo", "at": {}}
    assert "item 1 is 5, and no object" in await failure("transform.set", {"fields": {"a": 1}}, value=[{}, 5])
    with pytest.raises(Exception, match="give keep or drop"):
        await give("transform.select", {}, value={})


names = st.text("abc", min_size=1, max_size=2)
records = st.recursive(
    st.integers() | st.none(), lambda inner: st.dictionaries(names, inner, max_size=3) | st.lists(inner, max_size=2)
).filter(lambda value: isinstance(value, dict))


@settings(max_examples=50)
@given(records, st.lists(names, min_size=1, max_size=3), st.integers())
def test_what_is_put_is_there_and_the_old_object_as_it_was(record: dict[str, Any], steps: list[str], new: int) -> None:
    path, before = ".".join(steps), msgspec.json.encode(record)
    try:
        changed = put(record, path, new)
    except NodeError:  # the path leads through something that has no fields
        return
    assert get(changed, path) == new
    assert get(remove(changed, path), path) is None
    assert msgspec.json.encode(record) == before


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.binary(max_size=3)


@settings(max_examples=50)
@given(st.lists(scalars | st.lists(scalars, max_size=2), max_size=8))
def test_any_values_can_be_sorted_together(values: list[Any]) -> None:
    once = sorted(values, key=order_key)
    assert [order_key(v) for v in sorted(once, key=order_key)] == [order_key(v) for v in once]
    numbers = [v for v in once if type(v) in (int, float) and v == v]
    assert numbers == sorted(numbers)


async def test_sorting_by_several_fields() -> None:
    items = [{"a": 1, "b": "x"}, {"a": None}, {"a": 2, "b": "x"}, {"b": "w", "a": 1}, {"b": "x"}]
    assert await give("transform.sort", {"by": ["-b", "a"]}, items=items) == [
        {"b": "x"}, {"a": 1, "b": "x"}, {"a": 2, "b": "x"}, {"b": "w", "a": 1}, {"a": None},
    ]  # fmt: skip
    assert await give("transform.sort", items=["b", 2, None, 1.5, True, "a"]) == [None, True, 1.5, 2, "a", "b"]
    assert await give("transform.sort", {"reverse": True}, items=[1, 3, 2]) == [3, 2, 1]


async def test_aggregating() -> None:
    items = [{"k": "a", "n": 1}, {"k": "b", "n": 2.5}, {"k": "a", "n": 3}, {"k": "a", "n": None}, {"k": "b", "n": 2.5}]
    measures = {
        "rows": {"function": "count"},
        "sum": {"function": "sum", "path": "n"},
        "mean": {"function": "mean", "path": "n"},
        "most": {"function": "max", "path": "n"},
        "all": {"function": "list", "path": "n"},
        "once": {"function": "unique", "path": "n"},
    }
    assert await give("transform.aggregate", {"by": ["k"], "measures": measures}, items=items) == [
        {"k": "a", "rows": 3, "sum": 4, "mean": 2.0, "most": 3, "all": [1, 3], "once": [1, 3]},
        {"k": "b", "rows": 2, "sum": 5.0, "mean": 2.5, "most": 2.5, "all": [2.5, 2.5], "once": [2.5]},
    ]
    assert await give("transform.aggregate", {"measures": {"n": {"function": "sum"}}}, items=[]) == [{"n": 0}]
    same = await give("transform.aggregate", {"by": ["k"], "measures": {}}, items=[{"k": 1}, {"k": True}, {"k": 1.0}])
    assert [type(group["k"]) for group in same] == [int, bool, float]
    wrong = {"measures": {"n": {"function": "sum", "path": "n"}}}
    assert "'x' is no number" in await failure("transform.aggregate", wrong, items=[{"n": "x"}])


async def test_splitting() -> None:
    assert await give("transform.split", {"size": 2}, value=[1, 2, 3]) == [[1, 2], [3]]
    assert await give("transform.split", {"size": 2}, value=b"abc") == [b"ab", b"c"]
    assert await give("transform.split", {"separator": "\n"}, value="a\nb\n") == ["a", "b"]
    assert await give("transform.split", {"separator": ", "}, value="a, b, ") == ["a", "b", ""]
    assert await give("transform.split", value={"a": 1}) == [["a", 1]]
    assert "int cannot be cut" in await failure("transform.split", value=5)
    assert "limit: more than" in await failure("transform.split", {"size": 1}, value="x" * 1_000_001)


async def test_csv_both_ways() -> None:
    text = 'name,n,note\n"O\'Neil, Ann",3,"two\nlines"\nBo,,"say ""hi"""\n'
    rows = await give("transform.csv_parse", {"kinds": {"n": "Int"}}, text="\ufeff" + text)
    assert rows == [
        {"name": "O'Neil, Ann", "n": 3, "note": "two\nlines"},
        {"name": "Bo", "n": None, "note": 'say "hi"'},
    ]
    assert await give("transform.csv_write", items=rows) == text
    assert await give("transform.csv_parse", {"delimiter": ";", "fields": ["a", "b"]}, text="1;2") == [
        {"a": "1", "b": "2"}
    ]
    assert await give("transform.csv_parse", {"as_arrays": True}, text="a,b\n1,2") == [["a", "b"], ["1", "2"]]
    assert "line 3 has 1 cells, but there are 2 fields" in await failure("transform.csv_parse", text="a,b\n1,2\n3\n")
    assert "line 2, n: $: 'x' is no Int" in await failure("transform.csv_parse", {"kinds": {"n": "Int"}}, text="n\nx\n")
    assert "two fields have the same name" in await failure("transform.csv_parse", text="a,a\n1,2\n")


async def test_csv_for_spreadsheets_holds_no_formulas() -> None:
    items = [["=cmd()", "+1", "@x", "fine", -5, True, None]]
    assert await give("transform.csv_write", items=items) == "'=cmd(),'+1,'@x,fine,-5,true,\n"
    assert await give("transform.csv_write", {"safe": False}, items=[["=1"]]) == "=1\n"
    assert "a cell cannot hold list" in await failure("transform.csv_write", items=[[[1]]])


async def test_hashes_of_bytes_text_and_anything() -> None:
    assert await give("transform.hash", value="hé") == hashlib.sha256("hé".encode()).hexdigest()
    assert await give("transform.hash", {"algorithm": "blake2b"}, value=b"x") == hashlib.blake2b(b"x").hexdigest()
    assert await give("transform.hash", value={"b": 1, "a": 2}) == await give("transform.hash", value={"a": 2, "b": 1})
    grants = Grants(secrets={"key": "s3cret"})
    signed = await give("transform.hash", {"secret": "key"}, grants, value="x")
    assert signed == hmac.new(b"s3cret", b"x", "sha256").hexdigest()
    assert "forbidden: no secret 'key' is granted" in await failure("transform.hash", {"secret": "key"}, value="x")


async def test_templates_that_are_granted() -> None:
    grants = Grants(templates={"hello": "Hello {{ name }}!\n", "all": "{{ value | join('-') }}"})
    assert await give("transform.template", {"template": "hello"}, grants, value={"name": "<Ann>"}) == "Hello <Ann>!\n"
    html = {"template": "hello", "html": True}
    assert await give("transform.template", html, grants, value={"name": "<Ann>"}) == "Hello &lt;Ann&gt;!\n"
    assert await give("transform.template", {"template": "all"}, grants, value=[1, 2]) == "1-2"
    assert "template: the template failed: 'name' is undefined" in await failure(
        "transform.template", {"template": "hello"}, grants, value={}
    )
    assert "no template 'other' is granted" in await failure("transform.template", {"template": "other"}, grants)


async def test_templates_of_trusted_files_are_kept_in() -> None:
    grants = Grants(trust_templates=True)
    assert await give("transform.template", {"source": "{{ 1 + n }}"}, grants, value={"n": 1}) == "2"
    attack = {"source": "{{ ''.__class__.__mro__[1].__subclasses__() }}"}
    assert "template: " in await failure("transform.template", attack, grants)
    endless = {"source": "{% for n in range(99999) %}{{ 'x' * 999 }}{% endfor %}"}
    assert "limit: " in await failure("transform.template", endless, grants)
