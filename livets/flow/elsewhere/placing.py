"""Placements as Dask resources: what a worker has, what a node asks for, whether the two fit. Pure.

Names of workers are resources too: so a worker that was killed and comes back under its name, at another address, gets
what waits for it (Dask's own restriction by name is one to the address of the moment).
"""

from __future__ import annotations

from collections.abc import Mapping

from livets.engine.errors import EngineError
from livets.flow.model import Placement
from livets.flow.validate import LABEL

PLENTY = 1_000_000_000
"""So much of it that no number of nodes uses it up."""
HOST = "livets"
"""The resource that each worker with a Host has: other workers of the cluster get no nodes."""
_NAME = "livets worker "

Labels = Mapping[str, int | float | str]


def had(name: str, labels: Labels) -> dict[str, float]:
    """Return the resources of a worker.

    >>> had("gpu-1", {"gpu": 2, "zone": "eu"})
    {'livets': 1000000000, 'livets worker gpu-1': 1000000000, 'gpu': 2, 'zone=eu': 1000000000}
    """
    found: dict[str, float] = {HOST: PLENTY, _NAME + name: PLENTY}
    for label, value in labels.items():
        if isinstance(value, str):
            found[f"{label}={value}"] = PLENTY
        else:
            found[label] = value
    return found


def asked(placement: Placement | None) -> dict[str, float]:
    """Return what a node with that placement asks for.

    >>> asked(Placement(labels={"gpu": 1, "zone": "eu"}))
    {'livets': 1, 'gpu': 1, 'zone=eu': 1}
    """
    found: dict[str, float] = {HOST: 1}
    if placement is None:
        return found
    if placement.worker:
        found[_NAME + placement.worker] = 1
    for label, value in placement.labels.items():
        if isinstance(value, str):
            found[f"{label}={value}"] = 1
        else:
            found[label] = value
    return found


def fits(resources: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    """Whether a worker with these resources can ever run what asks for `wanted`."""
    return all(resources.get(name, 0) >= amount for name, amount in wanted.items())


def wish(placement: Placement | None) -> str:
    """Return what a placement asks for, in words.

    >>> wish(Placement("a", {"gpu": 1})), wish(None)
    ('the worker a, gpu=1', 'any worker')
    """
    parts = [f"{label}={value}" for label, value in (placement.labels if placement is not None else {}).items()]
    if placement is not None and placement.worker:
        parts.insert(0, f"the worker {placement.worker}")
    return ", ".join(parts) or "any worker"


def offered(resources: Mapping[str, float]) -> str:
    """Return a worker as people call it: its name and labels."""
    names = [name.removeprefix(_NAME) for name in resources if name.startswith(_NAME)]
    labels = [
        name if amount >= PLENTY else f"{name}={amount:g}"
        for name, amount in resources.items()
        if name != HOST and not name.startswith(_NAME)
    ]
    return f"{', '.join(names)} ({', '.join(labels) or 'no labels'})"


def read_label(text: str) -> tuple[str, int | float | str]:
    """Return name and value of `NAME=VALUE`; VALUE is an amount when it is a number. Raises EngineError.

    >>> read_label("gpu=2"), read_label("zone=eu"), read_label("ssd")
    (('gpu', 2), ('zone', 'eu'), ('ssd', 1))
    """
    name, equals, value = text.partition("=")
    if not LABEL.fullmatch(name) or name == HOST or (equals and not value):
        raise EngineError(f"{text!r} is no label: write  name=amount  or  name=text")
    if not equals:
        return name, 1
    try:
        amount = float(value)
    except ValueError:
        return name, value
    if not 0 < amount < PLENTY:
        raise EngineError(f"{text!r}: an amount is more than 0 and less than {PLENTY}")
    return name, int(amount) if amount.is_integer() else amount
