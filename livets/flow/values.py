"""The values of one execution on their way: what nodes gave, what the next ones take, and when it can be forgotten.

Owned by one Execution. Coerces as the compiled workflow says and reads large bytes back from the store; calls no node,
records nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from livets.engine.coercion import coerce
from livets.engine.driver import Live
from livets.engine.store import ContentStore
from livets.engine.values import Blob
from livets.flow.compiled import CompiledWorkflow
from livets.flow.forms import Model

_FOR_EVER = 2**30
_NOTHING, _ALONE, _BY_PORT = range(3)


class Values:
    """Outputs by number of node, and inputs made of them. `targets` are the nodes whose outputs are asked for."""

    def __init__(
        self,
        compiled: CompiledWorkflow,
        inputs: Mapping[str, Any],
        store: ContentStore | None,
        targets: list[int] | None,
    ) -> None:
        size = compiled.plan.size
        self._of: list[Any] = [None] * size
        self._kept = bytearray(size)
        """What `_of` has of each node: nothing (yet, or nobody needs it any more), the value of its only port, or all
        that it gave by port."""
        self.compiled, self._inputs, self._store = compiled, inputs, store
        self._start, self._sources, self._way_of = compiled.start, compiled.sources, compiled.way_of
        self._ways = compiled.ways
        self._ports = {name: number for number, name in enumerate(compiled.plan.ports)}
        self._asked: Sequence[int] = compiled.sinks if targets is None else targets
        self._uses = compiled.plan.out_degrees()
        """By how many edges each output is still to be taken."""
        self._named = self._named_outputs()
        keep_all = compiled.head.settings.on_error.policy == "RetryWorkflow"
        for number in range(size) if keep_all else () if self._named else self._asked:
            self._uses[number] = _FOR_EVER
        for number, _ in self._named.values():
            self._uses[number] = _FOR_EVER

    def _named_outputs(self) -> dict[str, tuple[int, str]]:
        """Nodes and ports of the workflow's outputs, by their names."""
        outputs = self.compiled.head.outputs
        ends = [source.rpartition(".") for source in outputs.values()]
        numbers = self.compiled.numbers(node for node, _, _ in ends)
        return {name: (number, end[2]) for name, number, end in zip(outputs, numbers, ends, strict=True)}

    def given_by(self, number: int) -> dict[str, Any] | None:
        """Return what a node gave, by port; None when it has given nothing, or nobody needs it any more."""
        kept, found = self._kept[number], self._of[number]
        if kept == _ALONE:
            found = {self.compiled.models[self.compiled.form_of[number]].out_name: found}
        return found if kept else None

    def put(self, number: int, outputs: dict[str, Any]) -> None:
        """Let `outputs` be what a node gave."""
        if len(outputs) == 1:
            name = self.compiled.models[self.compiled.form_of[number]].out_name
            if name in outputs:  # most nodes: a value in place of a dict
                self._of[number], self._kept[number] = outputs[name], _ALONE
                return
        self._of[number], self._kept[number] = outputs, _BY_PORT

    def gather(self, number: int, one: Model) -> dict[str, Any]:
        """Return the inputs of a node, by port: defaults, constants, inputs of the workflow, what is connected."""
        inputs = one.fixed.copy()
        if not one.plain:
            return self._gather(number, one, inputs)
        place, end = self._start[number], self._start[number + 1]
        while place < end:
            source = self._sources[place]
            from_port, to_port, change, alone = self._ways[self._way_of[place]]
            place += 1
            value, kept = self._of[source], self._kept[source]
            if kept == _ALONE:
                if not alone:
                    continue
            elif kept and from_port in value:
                value = value[from_port]
            else:
                continue
            if type(value) is Blob:
                value = self._bytes_of(value)
            inputs[to_port] = value if change is None else change(value)
        return inputs

    def _gather(self, number: int, one: Model, inputs: dict[str, Any]) -> dict[str, Any]:
        """The same for a node that has more than constants and one connection to each port."""
        for name, (given_name, port) in one.references.items():
            value = self._inputs[given_name]
            if type(value) is Blob:
                value = self._bytes_of(value)
            inputs[name] = value if port.kind is None or value is None else coerce(value, port.kind)
        joined: dict[str, list[tuple[str, Any]]] = {}
        for source, from_port, to_port, change in self.compiled.feeds(number):
            given = self.given_by(source)
            if given is None or from_port not in given:
                continue
            value = given[from_port]
            if type(value) is Blob:
                value = self._bytes_of(value)
            if change is not None:
                value = change(value)
            if one.many:
                joined.setdefault(to_port, []).append((self.compiled.ids[source], value))
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

    def _join(self, one: Model, inputs: dict[str, Any], joined: dict[str, list[tuple[str, Any]]]) -> None:
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

    def keep(self, number: int, one: Model, outputs: dict[str, Any]) -> Live:
        """Keep what the node gave, and forget what only it still needed; returns the ports that fire."""
        if self._uses[number]:
            if len(outputs) == 1 and one.out_name in outputs:
                self._of[number], self._kept[number] = outputs[one.out_name], _ALONE
            else:
                self._of[number], self._kept[number] = outputs, _BY_PORT
        self.consumed(number)
        return None if len(outputs) == len(one.outputs) else self.live(one, outputs)

    def live(self, one: Model, outputs: Mapping[str, Any]) -> Live:
        """Return the numbers of the ports that fire with `outputs`; None for all."""
        if len(outputs) == len(one.outputs):
            return None
        return tuple(self._ports[name] for name in outputs if name in self._ports)

    def fail(self, number: int, error: dict[str, Any]) -> Live:
        """Give `error` at the port of that name; returns the ports that fire: it, if somebody is connected to it."""
        self._of[number], self._kept[number] = {"error": error}, _BY_PORT
        return (self._ports["error"],) if "error" in self._ports else ()

    def consumed(self, number: int) -> None:
        """This node needs its inputs no more; who gave them forgets them when it was the last."""
        place, end, uses = self._start[number], self._start[number + 1], self._uses
        while place < end:
            source = self._sources[place]
            left = uses[source] = uses[source] - 1
            if not left:
                self._of[source], self._kept[source] = None, _NOTHING
            place += 1

    def is_fed(self, number: int, one: Model) -> bool:
        """Whether each required port of the node has a value: connected, constant, or an input of the workflow."""
        given = set()
        for source, from_port, to_port, _ in self.compiled.feeds(number):
            outputs = self.given_by(source)
            if outputs is not None and from_port in outputs:
                given.add(to_port)
        return all(name in given or name in one.constants or name in one.references for name in one.required)

    def results(self) -> dict[str, Any]:
        """Return the workflow's named outputs, or those of its last nodes (or the targets) by node id."""
        found = {}
        for name, (number, port) in self._named.items():
            outputs = self.given_by(number)
            if outputs is not None and port in outputs:
                found[name] = outputs[port]
        ids, kept = self.compiled.ids, self._kept
        for number in () if self._named else self._asked:
            if kept[number] == _ALONE or self._of[number]:
                found[ids[number]] = self._of[number]
        return found
