"""Whether what a mapper drew could run: configs, constants and queries are read as a run would, nothing is executed."""

from __future__ import annotations

from livets.engine.encoding import from_plain
from livets.engine.errors import EngineError, MissingExtra, NodeError, ValueFault
from livets.flow.constants import read_constant
from livets.flow.importing.drawing import Maker, Unmapped
from livets.flow.model import NodeSpec
from livets.flow.nodes import standard_registry
from livets.flow.nodes.json_query import compiled


def check(make: Maker) -> None:
    """Raise Unmapped, saying why, when a node that was added (or one of its sub-workflow) is none that could run."""
    for spec in make.added:
        _check(spec)
    for name, inner in make.definitions.items():
        for spec in inner.nodes if not name.startswith("loop_") else ():
            _check(spec)


def _check(spec: NodeSpec) -> None:
    try:
        standard_registry().node_type(spec.type).read_config(spec.config)
        for raw in spec.inputs.values():
            read_constant(raw)
        for raw in spec.config.get("fields", {}).values() if spec.type == "transform.compute" else ():
            from_plain(raw)
        expressions = [*spec.config.get("compute", {}).values()] if spec.type == "transform.compute" else []
        for expression in [*expressions, spec.config["expression"]] if "expression" in spec.config else expressions:
            compiled(expression)
    except MissingExtra:
        return  # the extra is needed to run it, not to import it
    except (EngineError, NodeError, ValueFault) as error:
        raise Unmapped(f"its parameters make no {spec.type}: {str(error)[:300]}") from None
