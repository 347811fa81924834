"""What a node gave, made into values by port: the one place that says whether it fits the ports."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.coercion import coerce
from livets.engine.errors import NodeError, ValueFault
from livets.engine.node import Outputs
from livets.engine.values import to_value
from livets.flow.forms import Model


def fit(one: Model, result: Any) -> dict[str, Any]:
    """Return what a node gave, by port; raises NodeError when that is not what its ports say."""
    if type(result) is Outputs:
        outputs = dict(result)
    elif one.out_name is not None:
        if type(result) is one.out_type:
            return {one.out_name: result}
        outputs = {one.out_name: result}
    elif isinstance(result, msgspec.Struct):
        outputs = msgspec.structs.asdict(result)
    elif type(result) is dict:
        outputs = result
    elif result is None:
        outputs = {}
    else:
        names = ", ".join(one.outputs) or "none"
        raise NodeError(f"it gave {type(result).__name__}, but has several ports ({names}): give a dict", "output")
    for name, value in outputs.items():
        port = one.outputs.get(name)
        if port is None:
            raise NodeError(f"it gave {name!r}, but its outputs are: {', '.join(one.outputs) or 'none'}", "output")
        value = outputs[name] = to_value(value)
        if port.kind is not None and not (value is None and port.nullable):
            try:
                outputs[name] = coerce(value, port.kind)
            except ValueFault as error:
                raise NodeError(f"its output {name!r}: {error}", "output") from error
    return outputs
