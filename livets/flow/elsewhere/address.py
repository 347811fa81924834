"""Locations as people write them: `dask://host:8786`, with what is said behind `?`. Pure until one is opened.

Called by the commands of `livets flow` and by programs that take a location from their configuration.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from livets.engine.errors import EngineError
from livets.flow.location import Location

SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
_TLS = {"ca": "tls_ca_file", "cert": "tls_client_cert", "key": "tls_client_key"}


def read_address(text: str) -> tuple[str, dict[str, Any]]:
    """Return a scheduler's address and the keyword arguments of DaskLocation; raises EngineError saying what is wrong.

    >>> read_address("dask://10.0.0.7:8786?nodes=placed&patience=5")
    ('tcp://10.0.0.7:8786', {'only_placed': True, 'patience_s': 5.0})
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in SCHEMES or not parts.hostname or port is None or parts.path not in ("", "/"):
        raise EngineError(f"{text!r} is no location: write  dask://host:8786  or  dask+tls://host:8786")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    found: dict[str, Any] = {}
    tls: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "nodes" and value in ("all", "placed"):
            found["only_placed"] = value == "placed"
        elif name == "patience":
            found["patience_s"] = _seconds(text, value)
        elif name in _TLS and parts.scheme == "dask+tls":
            tls[_TLS[name]] = value
        else:
            known = "nodes=all|placed, patience=SECONDS, and with dask+tls ca=, cert=, key=FILE"
            raise EngineError(f"{text!r}: {name}={value} is not known behind a location; there are: {known}")
    if parts.scheme == "dask+tls":
        found["tls"] = tls
    return f"{SCHEMES[parts.scheme]}://{host}:{port}", found


def location_of(text: str) -> Location:
    """Return the location that `text` names; raises EngineError, or MissingExtra when Dask is not installed.

    It connects when the first run begins; whoever has it closes it, as a FlowRuntime does.
    """
    address, options = read_address(text)
    from livets.flow.elsewhere.location import DaskLocation

    return DaskLocation(address, **options)


def _seconds(text: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86_400:
        raise EngineError(f"{text!r}: patience is a number of seconds, not {value!r}")
    return seconds
