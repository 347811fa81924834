"""The values of one execution on their way: what nodes gave, what the next ones take, and when it can be forgotten.

Owned by one Execution. Coerces as the compiled workflow says and reads large bytes back from the store; calls no node,
records nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from livets.engine.coercion import coerce
from livets.engine.driver import Live
from livets.engine.store import ContentStore
from livets.engine.values import Blob
from livets.flow.compiled import CompiledNode, CompiledWorkflow

_FOR_EVER = 2**62


class Values:
    """Outputs by number of node, and inputs made of them. `targets` are the nodes whose outputs are asked for."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        inputs: Mapping[str, Any],
        store: ContentStore | None,
        targets: list[int] | None,
    ) -> None:
        self.of: list[dict[str, Any] | None] = [None] * compiled.plan.size
        """What each node gave; None when it has given nothing, or nobody needs it any more."""
        self.compiled, self._nodes, self._inputs, self._store = compiled, compiled.nodes, inputs, store
        self._ports = {name: number for number, name in enumerate(compiled.plan.ports)}
        self._asked = compiled.sinks if targets is None else targets
        self._uses = compiled.plan.out_degrees()
        """By how many edges each output is still to be taken."""
        keep_all = compiled.workflow.settings.on_error.policy == "RetryWorkflow"
        named = [compiled.number_of[source.rpartition(".")[0]] for source in compiled.workflow.outputs.values()]
        for number in range(compiled.plan.size) if keep_all else {*self._asked, *named}:
            self._uses[number] = _FOR_EVER

    def gather(self, one: CompiledNode) -> dict[str, Any]:
        """Return the inputs of a node, by port: defaults, constants, inputs of the workflow, what is connected."""
        inputs = {**one.defaults, **one.constants} if one.defaults or one.constants else {}
        outputs = self.of
        if one.plain:
            for source, from_port, to_port, change in one.feeds:
                given = outputs[source]
                if given is not None and from_port in given:
                    value = given[from_port]
                    if type(value) is Blob:
                        value = self._bytes_of(value)
                    inputs[to_port] = value if change is None else change(value)
            return inputs
        for name, (given_name, port) in one.references.items():
            value = self._inputs[given_name]
            if type(value) is Blob:
                value = self._bytes_of(value)
            inputs[name] = value if port.kind is None or value is None else coerce(value, port.kind)
        joined: dict[str, list[tuple[str, Any]]] = {}
        for source, from_port, to_port, change in one.feeds:
            given = outputs[source]
            if given is None or from_port not in given:
                continue
            value = given[from_port]
            if type(value) is Blob:
                value = self._bytes_of(value)
            if change is not None:
                value = change(value)
            if one.many:
                joined.setdefault(to_port, []).append((self._nodes[source].id, value))
            else:
                inputs[to_port] = value
        if one.many:
            self._join(one, inputs, joined)
        for name, struct in one.structs.items():
            if type(inputs.get(name)) is dict:
                inputs[name] = msgspec.convert(inputs[name], struct)
        return inputs

    def _bytes_of(self, blob: Blob) -> Any:
        """What the journal keeps by reference reaches nodes as bytes; a reference inside an array stays one."""
        return blob if self._store is None else self._store.get(blob.hash)

    def _join(self, one: CompiledNode, inputs: dict[str, Any], joined: dict[str, list[tuple[str, Any]]]) -> None:
        for port in one.inputs.values():
            arrived = joined.get(port.name)
            if port.many == "list":
                if arrived or port.name not in inputs:
                    inputs[port.name] = [value for _, value in arrived or ()]
            elif port.many == "object":
                if arrived or port.name not in inputs:
                    inputs[port.name] = dict(arrived or ())
            elif arrived:
                inputs[port.name] = arrived[-1 if port.many == "last" else 0][1]

    def keep(self, one: CompiledNode, outputs: dict[str, Any]) -> Live:
        """Keep what the node gave, and forget what only it still needed; returns the ports that fire."""
        self.of[one.number] = outputs
        self.consumed(one)
        return None if len(outputs) == len(one.outputs) else self.live(one, outputs)

    def live(self, one: CompiledNode, outputs: Mapping[str, Any]) -> Live:
        """Return the numbers of the ports that fire with `outputs`; None for all."""
        if len(outputs) == len(one.outputs):
            return None
        return tuple(self._ports[name] for name in outputs if name in self._ports)

    def fail(self, one: CompiledNode, error: dict[str, Any]) -> Live:
        """Give `error` at the port of that name; returns the ports that fire: it, if somebody is connected to it."""
        self.of[one.number] = {"error": error}
        return (self._ports["error"],) if "error" in self._ports else ()

    def consumed(self, one: CompiledNode) -> None:
        """This node needs its inputs no more; who gave them forgets them when it was the last."""
        uses = self._uses
        for source, _, _, _ in one.feeds:
            uses[source] -= 1
            if not uses[source]:
                self.of[source] = None

    def is_fed(self, one: CompiledNode) -> bool:
        """Whether each required port of the node has a value: connected, constant, or an input of the workflow."""
        given = set()
        for source, from_port, to_port, _ in one.feeds:
            outputs = self.of[source]
            if outputs is not None and from_port in outputs:
                given.add(to_port)
        return all(name in given or name in one.constants or name in one.references for name in one.required)

    def results(self) -> dict[str, Any]:
        """Return the workflow's named outputs, or those of its last nodes (or the targets) by node id."""
        found = {}
        named = self.compiled.workflow.outputs
        for name, source in named.items():
            node, _, port = source.rpartition(".")
            outputs = self.of[self.compiled.number_of[node]]
            if outputs is not None and port in outputs:
                found[name] = outputs[port]
        for number in () if named else self._asked:
            outputs, one = self.of[number], self._nodes[number]
            if outputs:
                single = one.out_name is not None and set(outputs) == {one.out_name}
                found[one.id] = next(iter(outputs.values())) if single else outputs
        return found
