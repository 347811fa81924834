"""Workflows that run, resume and can be watched: graphs of nodes on `livets.engine`, from Python or from files.

Headless: imports nothing of the web. Start with `Flow` (the builder) and `FlowRuntime` (which runs).
"""

from livets.engine.node import Node, Outputs, node
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from livets.flow.builder import Flow
from livets.flow.database import Database
from livets.flow.grants import FileRoot, Grants, Program
from livets.flow.network import Network
from livets.flow.runtime import FlowRuntime

__all__ = [
    "Database",
    "FileRoot",
    "Flow",
    "FlowRuntime",
    "Grants",
    "Limits",
    "Network",
    "Node",
    "Outputs",
    "Program",
    "Sandbox",
    "node",
]
