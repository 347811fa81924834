"""The event log: append-only streams of events, with one interface and one conformance suite for every backend."""

from livets.engine.log.base import EventLog, Snapshot
from livets.engine.log.memory import MemoryLog
from livets.engine.log.sqlite import SqliteLog

__all__ = ["EventLog", "MemoryLog", "Snapshot", "SqliteLog"]
