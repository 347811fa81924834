"""Workflow files: nothing is lost in JSON or YAML, nothing malicious is built, mistakes are named with their place."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.engine.errors import MissingExtra
from livets.engine.graph import Connection
from livets.engine.retry import RetryPolicy
from livets.flow.files import FileFault, from_json, from_yaml, read_workflow, schema, to_json, to_yaml, write_workflow
from livets.flow.model import ErrorHandling, InputSpec, NodeSpec, Rate, Settings, Workflow

odd_text = st.text(max_size=8) | st.sampled_from(
    ["no", "12:30:45", "null", "~", "1e5", "0x1F", "2026-01-01", "=", "#x", "1_000", "\x85", "\u2028"]
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=6,
)
table = st.dictionaries(odd_text, plain, max_size=3)
retries = st.builds(
    RetryPolicy, max_attempts=st.integers(1, 5), delay_ms=st.floats(0, 1e9), retry_on=st.just(("a", "no"))
)
nodes = st.builds(
    NodeSpec, id=odd_text, type=odd_text, config=table, inputs=table, retry=st.none() | retries,
    timeout_s=st.none() | st.floats(0.001, 1e6), on_error=st.sampled_from([None, "skip", "port"]), memo=st.booleans(),
    position=st.none() | st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), notes=odd_text,
    pool=st.none() | odd_text,
)  # fmt: skip
setting = st.builds(
    Settings, max_parallel=st.integers(1, 99), state=table,
    on_error=st.builds(ErrorHandling, max_attempts=st.integers(1, 3)),
    rates=st.dictionaries(odd_text, st.builds(Rate, per_second=st.floats(0.1, 99)), max_size=2),
)  # fmt: skip
connections = st.builds(Connection, odd_text, odd_text, odd_text, odd_text)
flat = st.builds(
    Workflow, id=odd_text, name=odd_text, nodes=st.lists(nodes, max_size=3),
    connections=st.lists(connections, max_size=3),
    settings=setting, metadata=table, outputs=st.dictionaries(odd_text, odd_text, max_size=2),
    inputs=st.dictionaries(odd_text, st.builds(InputSpec, default=plain), max_size=2),
)  # fmt: skip
workflows = st.builds(
    lambda w, d: msgspec.structs.replace(w, definitions=d), flat, st.dictionaries(odd_text, flat, max_size=1)
)


@given(workflows)
@settings(max_examples=60)
def test_json_and_yaml_lose_nothing(workflow: Workflow) -> None:
    assert from_json(to_json(workflow)) == workflow
    again = from_yaml(to_yaml(workflow))
    assert again == workflow
    assert to_json(again) == to_json(workflow)
    assert again.content_version() == workflow.content_version()


def test_files_are_read_by_their_ending(tmp_path: Path) -> None:
    workflow = Workflow(id="w", nodes=[NodeSpec(id="a", type="debug.log", inputs={"value": {"$bytes": "aGk="}})])
    for name in ("w.json", "w.yaml", "w.yml"):
        write_workflow(workflow, tmp_path / name)
        assert read_workflow(tmp_path / name) == workflow
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(FileFault, match=r"bad\.json: no JSON"):
        read_workflow(tmp_path / "bad.json")
    with pytest.raises(FileFault, match="gone"):
        read_workflow(tmp_path / "gone.json")


def test_the_content_version_is_that_of_what_runs() -> None:
    node = NodeSpec(id="a", type="debug.log")
    one = Workflow(id="w", nodes=[node])
    drawn = Workflow(id="w", nodes=[msgspec.structs.replace(node, position=(1.0, 2.0), notes="nice")])
    other = Workflow(id="w", nodes=[msgspec.structs.replace(node, memo=True)])
    assert one.content_version() == drawn.content_version() != other.content_version()


def test_names_of_the_first_description_are_read() -> None:
    workflow = from_json("""{"id": "w",
        "nodes": [{"id": "a", "node_type": "debug.log", "retry_policy": {"max_attempts": 2}}],
        "connections": [{"from_node": "a", "from_port": "out", "to_node": "b", "to_port": "value"}],
        "settings": {"max_parallel_nodes": 3, "max_execution_time_ms": 1500, "error_handling": "ContinueOnError"}}""")
    assert (workflow.nodes[0].type, workflow.nodes[0].retry) == ("debug.log", RetryPolicy(max_attempts=2))
    assert workflow.settings == Settings(max_parallel=3, run_timeout_s=1.5, on_error=ErrorHandling("ContinueOnError"))
    retrying = from_json('{"id": "w", "settings": {"on_error": {"RetryWorkflow": {"max_attempts": 4}}}}')
    assert retrying.settings.on_error == ErrorHandling("RetryWorkflow", 4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "Expected `object`"),
        ('{"id": 3}', r"\$\.id"),
        ('{"id": "w", "nodes": [{"id": "a"}]}', r"`type` - at `\$\.nodes\[0\]`"),
        ('{"id": "w", "nodes": [{"id": "a", "type": "t", "confg": {}}]}', "unknown field `confg`"),
        ('{"id": "w", "settings": {"retry": {"max_attempts": 0}}}', "it is 1 or more"),
        ("[" * 100_000, "no JSON"),
        ("nul", "no JSON"),
    ],
)
def test_mistakes_in_json_are_named(text: str, says: str) -> None:
    with pytest.raises(FileFault, match=says):
        from_json(text)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "aliases"),
        ("[" * 2000, "nested deeper"),
        ("x" * 1_000_001, "1000000 bytes"),
        ("!!python/object/apply:os.system ['true']", "no YAML"),
        ("id: a\nid: b\n", "'id' is there twice"),
        ("id: {", "no YAML"),
        ("id: 3", r"\$\.id"),
        (b"\xff\xfe\x00", "no YAML"),
    ],
)
def test_what_yaml_may_not_do(text: Any, says: str) -> None:
    with pytest.raises(FileFault, match=says):
        from_yaml(text)


def test_yaml_scalars_mean_what_they_look_like() -> None:
    text = "{a: no, b: 12:30:45, c: 2026-01-01, d: 0o7, e: 1.0, f: 1e3, g:, h: 'x'}"
    workflow = from_yaml(f"id: w\nmetadata: {text}")
    assert workflow.metadata == {
        "a": "no", "b": "12:30:45", "c": "2026-01-01", "d": "0o7", "e": 1.0, "f": 1000.0, "g": None, "h": "x",
    }  # fmt: skip


def test_the_schema_names_every_field() -> None:
    found = schema()
    assert set(found["$defs"]["NodeSpec"]["properties"]) == set(NodeSpec.__struct_fields__)
    assert found["$defs"]["Workflow"]["properties"]["schema_version"]["default"] == 1
    assert found["$defs"]["NodeSpec"]["additionalProperties"] is False


def test_a_missing_yaml_names_the_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtra, match=r"pip install 'livets\[flow\]'"):
        from_yaml("id: w")


@settings(max_examples=60)
@given(workflows)
def test_the_content_version_is_the_hash_of_the_plain_sorted_form_without_drawing(workflow: Workflow) -> None:
    def bare(one: dict[str, Any]) -> dict[str, Any]:
        drawn = ("position", "notes")
        kept = [{key: value for key, value in node.items() if key not in drawn} for node in one.get("nodes", [])]
        inner = {name: bare(there) for name, there in one.get("definitions", {}).items()}
        return {**one, "nodes": kept, "definitions": inner, "metadata": {}}

    text = msgspec.json.encode(bare(msgspec.to_builtins(workflow)), order="sorted")
    assert workflow.content_version() == hashlib.sha256(text).hexdigest()


@settings(max_examples=60)
@given(workflows)
def test_a_copy_is_equal_and_no_edit_reaches_it(workflow: Workflow) -> None:
    copy = workflow.copied()
    assert copy == workflow
    before = to_json(copy)
    for node in workflow.nodes:
        node.config["edited"] = node.inputs["edited"] = [1]
        node.notes += "edited"
    workflow.nodes.append(NodeSpec(id="edited", type="edited"))
    workflow.connections.clear()
    workflow.settings.state["edited"] = 1
    assert to_json(copy) == before


def test_a_copy_is_of_the_declared_types_where_python_was_free_with_them() -> None:
    loose = RetryPolicy(retry_on=["timeout"])  # type: ignore[arg-type]
    copy = Workflow(id="w", nodes=[NodeSpec(id="a", type="debug.log", retry=loose)]).copied()
    assert copy.nodes[0].retry == RetryPolicy(retry_on=("timeout",))
