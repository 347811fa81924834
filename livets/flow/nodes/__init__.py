"""The nodes that come with livets, one a file. `standard_registry` has them all, and those of installed packages."""

from __future__ import annotations

import functools

from livets.engine.registry import Registry
from livets.flow.nodes.aggregate import Aggregate
from livets.flow.nodes.approval import Approval
from livets.flow.nodes.branch import Branch
from livets.flow.nodes.call import Call
from livets.flow.nodes.compute import Compute
from livets.flow.nodes.csv_parse import CsvParse
from livets.flow.nodes.csv_write import CsvWrite
from livets.flow.nodes.database_query import DatabaseQuery
from livets.flow.nodes.delay import Delay
from livets.flow.nodes.fail import Fail
from livets.flow.nodes.file_read import FileRead
from livets.flow.nodes.file_write import FileWrite
from livets.flow.nodes.filter import Filter
from livets.flow.nodes.function import Function
from livets.flow.nodes.hash import Hash
from livets.flow.nodes.http_request import HttpRequest
from livets.flow.nodes.join import Join
from livets.flow.nodes.json_parse import JsonParse
from livets.flow.nodes.json_query import JsonQuery
from livets.flow.nodes.json_stringify import JsonStringify
from livets.flow.nodes.log import Log
from livets.flow.nodes.loop import Loop
from livets.flow.nodes.map import Map
from livets.flow.nodes.merge import Merge
from livets.flow.nodes.message_join import MessageJoin
from livets.flow.nodes.message_split import MessageSplit
from livets.flow.nodes.partition import Partition
from livets.flow.nodes.program import Program
from livets.flow.nodes.python_code import PythonCode
from livets.flow.nodes.rename_fields import RenameFields
from livets.flow.nodes.select_fields import SelectFields
from livets.flow.nodes.set_fields import SetFields
from livets.flow.nodes.shell import Shell
from livets.flow.nodes.sort import Sort
from livets.flow.nodes.split import Split
from livets.flow.nodes.switch import Switch
from livets.flow.nodes.template import Template
from livets.flow.nodes.trace_task import TraceTask
from livets.flow.nodes.trigger_file import FileTrigger
from livets.flow.nodes.trigger_manual import ManualTrigger
from livets.flow.nodes.trigger_queue import QueueTrigger
from livets.flow.nodes.trigger_schedule import ScheduleTrigger
from livets.flow.nodes.trigger_webhook import WebhookTrigger
from livets.flow.nodes.wait import Wait
from livets.flow.nodes.wasm import Wasm
from livets.flow.nodes.websocket_source import WebSocketSource
from livets.flow.nodes.window_session import SessionWindow
from livets.flow.nodes.window_sliding import SlidingWindow
from livets.flow.nodes.window_tumbling import TumblingWindow

BUILT_IN = (
    Log, FileRead, FileWrite, DatabaseQuery, HttpRequest, Function, PythonCode, Program, Shell, Wasm, Delay,
    MessageJoin, MessageSplit, Approval, Branch, Call, Fail, Filter, Loop, Map, Merge, Partition, Switch, Wait,
    Aggregate, Compute, CsvParse, CsvWrite, Hash, Join, JsonParse, JsonQuery, JsonStringify,
    RenameFields, SelectFields, SetFields, Sort, Split, Template,
    SessionWindow, SlidingWindow, TumblingWindow,
    TraceTask, FileTrigger, ManualTrigger, QueueTrigger, ScheduleTrigger, WebhookTrigger,
    WebSocketSource,
)  # fmt: skip


@functools.cache
def standard_registry() -> Registry:
    """Return the registry of built-in nodes and of entry points (group `livets.plugins`); the same each time."""
    registry = Registry(entry_points=True)
    for node in BUILT_IN:
        registry.add(node)
    return registry
