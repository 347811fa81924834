"""Nodes on other machines, by Dask.distributed (extra `livets[dask]`).

`DaskLocation` (location.py) is the side of the run: it hands work over and gets answers and reports. A worker
(serving.py, `livets flow worker`) is a Dask worker with a plugin (plugin.py) that owns a Host (host.py), which runs
nodes. What travels is bytes in the engine's own form (messages.py). Only location.py, connection.py, plugin.py and
serving.py know Dask.
"""

from __future__ import annotations

from livets.flow.elsewhere.address import location_of

__all__ = ["location_of"]
