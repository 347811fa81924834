"""The page of nodes is what the registry says; and each node that comes with livets says what it must."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from livets.engine.registry import Registry
from livets.flow.catalogue import describe, markdown
from livets.flow.files import schema
from livets.flow.nodes import BUILT_IN, standard_registry
from livets.flow.nodes.switch import Switch

PAGE = Path(__file__).parents[3] / "docs/flow/nodes.md"


def test_the_page_is_up_to_date() -> None:
    registry = Registry()
    for node in BUILT_IN:
        registry.add(node)
    assert PAGE.read_text() == markdown(registry), "run  python -m livets.flow.catalogue > docs/flow/nodes.md"


def test_the_published_schema_is_up_to_date() -> None:
    published = PAGE.with_name("workflow.schema.json").read_text()
    made = json.loads(json.dumps(schema()))
    assert json.loads(published) == made, "run  livets flow schema > docs/flow/workflow.schema.json"


def test_a_node_that_has_its_way_of_choosing_ports_from_another_can_be_described() -> None:
    class Sorter(Switch):
        """Another Switch."""

        type = "test.sorter"

    registry = Registry()
    registry.add(Sorter)
    assert registry.node_type("test.sorter").chooses_ports
    assert describe(registry.node_type("test.sorter"))["outputs"] is None


def test_each_node_has_a_file_a_doc_and_ports() -> None:
    assert len({node.__module__ for node in BUILT_IN}) == len(BUILT_IN)
    for node in BUILT_IN:
        told = describe(standard_registry().node_type(node.type))
        assert told["doc"], node
        assert told["outputs"] is None or told["outputs"], node
        msgspec.json.encode(told)
