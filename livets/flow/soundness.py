"""Says quickly that a definition is sound, without a word about what is wrong: that is what validation is for.

Forms, pairs of ports and combinations of inputs are looked at once each, not for each of 10,000 nodes. Agrees with
`validate` (tests/unit/flow/test_table.py); whoever hears False calls that to learn why. Executes nothing.
"""

from __future__ import annotations

import operator

import msgspec

from livets.engine.coercion import coercion
from livets.engine.ports import Ports
from livets.engine.registry import Registry
from livets.flow.table import Table
from livets.flow.validate import CALLING, ID, Fault, faults_of_calls, faults_of_head, faults_of_inputs, faults_of_node
from livets.flow.wiring import Wiring


def is_sound(table: Table, wiring: Wiring, registry: Registry) -> bool:
    """Return whether nothing is wrong."""
    if any(True for _ in faults_of_head(table.head)) or not all(map(ID.fullmatch, table.ids)):
        return False
    if len(set(table.ids)) < len(table.ids):
        return False
    ports = _ports(table, registry)
    if ports is None or not _fit(wiring, ports, table.graph.ports) or not _fed(table, wiring, ports):
        return False
    if any(map(operator.ge, table.graph.sources, table.graph.targets)) and table.graph.cycle() is not None:
        return False
    return _named(table, ports) and not _faulty_calls(table, registry)


def _ports(table: Table, registry: Registry) -> list[Ports] | None:
    """The ports of each form."""
    found: list[Ports] = []
    faults: list[Fault] = []
    for form in table.forms:
        ports = faults_of_node(form, table.head, registry, "", faults.append)
        if ports is None or faults:
            return None
        found.append(ports)
    return found


def _fit(wiring: Wiring, ports: list[Ports], names: list[str]) -> bool:
    """Whether each way leads from an output to an input that takes it."""
    for source, given, target, taken in wiring.ways:
        output, input = ports[source].output(names[given]), ports[target].input(names[taken])
        if output is None or input is None or coercion(output.kind, input.kind) is None:
            return False
    return True


def _fed(table: Table, wiring: Wiring, ports: list[Ports]) -> bool:
    """Whether each node gets what it needs, and nothing twice."""
    way_of, start = wiring.way_of, wiring.start
    seen: set[tuple[int, int | bytes]] = set()
    """What was found to be right: forms with the way of their one connection, or with those of all."""
    begin = 0
    for form, end in zip(table.form_of, start[1:], strict=True):
        one = way_of[begin] if end == begin + 1 else way_of[begin:end].tobytes()
        if end > begin + 1 and len(set(zip(wiring.sources[begin:end], way_of[begin:end], strict=True))) < end - begin:
            return False
        if (form, one) not in seen:
            counts: dict[str, int] = {}
            for way in way_of[begin:end]:
                name = table.graph.ports[wiring.ways[way][3]]
                counts[name] = counts.get(name, 0) + 1
            if any(True for _ in faults_of_inputs(table.forms[form], ports[form], table.head, counts, "")):
                return False
            seen.add((form, one))
        begin = end
    return True


def _named(table: Table, ports: list[Ports]) -> bool:
    """Whether the workflow's outputs name ports that are there."""
    ends = [source.rpartition(".") for source in table.head.outputs.values()]
    wanted = {node for node, _, _ in ends}
    form_of = {id: form for id, form in zip(table.ids, table.form_of, strict=True) if id in wanted} if wanted else {}
    return all(node in form_of and ports[form_of[node]].output(port) is not None for node, _, port in ends)


def _faulty_calls(table: Table, registry: Registry) -> bool:
    """Whether something is wrong with the sub-workflows that nodes call."""
    if not table.head.definitions and not any(form.type in CALLING for form in table.forms):
        return False
    callers = msgspec.structs.replace(table.head, nodes=table.forms)
    return any(True for _ in faults_of_calls(callers, registry, "", table.head.definitions, ()))
