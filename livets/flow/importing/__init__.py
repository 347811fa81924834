"""Workflows of other programs, read into ours, each with a report of what maps exactly, with a difference, or not.

n8n and Node-RED. Reading executes nothing, opens nothing and follows nothing. `livets flow import` calls it; WfFormat
is livets.flow.wfformat.
"""

from __future__ import annotations

from typing import Any

from livets.flow.files import FileFault
from livets.flow.importing.n8n import is_n8n, read_n8n
from livets.flow.importing.nodered import is_nodered, read_nodered
from livets.flow.importing.report import Entry, Imported, Report

__all__ = ["Entry", "Imported", "Report", "read_foreign"]


def read_foreign(plain: Any, name: str = "imported") -> Imported:
    """Return the workflow in parsed JSON of n8n or Node-RED, called `name` where it has none. Raises FileFault.

    >>> start = {"id": "1", "name": "Go", "type": "n8n-nodes-base.manualTrigger", "parameters": {}}
    >>> read_foreign({"nodes": [start], "connections": {}}).report.entries[0].how
    'exact'
    """
    if is_n8n(plain):
        return read_n8n(plain, name)
    if is_nodered(plain):
        return read_nodered(plain, name)
    message = "neither n8n (an object with nodes and connections) nor Node-RED (an array of nodes with id and type)"
    raise FileFault(message)
