"""How a serving process logs: uvicorn's format for everything, its chatter about itself only in production.

Owns the logging configuration of `livets dev` and `livets run`. Called by `child`.
"""

from __future__ import annotations

import copy
import logging
import os
import re
from textwrap import indent
from typing import Any, Final

from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import DefaultFormatter

from livets.live.failure import trace

LEVELS = ("critical", "error", "warning", "info", "debug")

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Formatter(DefaultFormatter):
    """uvicorn's for production: nothing that a visitor sent can begin a line or command a terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """One line: line ends and control characters of the message are shown as Python writes them."""
        record.message = _CONTROL.sub(_escaped, record.message).replace("\n", "\\n")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:
        """Lines of a traceback are indented, so that none of them can be taken for another record."""
        return indent(_CONTROL.sub(_escaped, super().formatException(ei)), "  ")


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


class Brief(DefaultFormatter):
    """Tracebacks as who writes the program wants them: from their own first line on."""

    def formatException(self, ei: Any) -> str:
        """The text of a traceback."""
        return super().formatException(ei) if ei[1] is None else trace(ei[1])


def config(level: str, *, dev: bool) -> dict[str, Any]:
    """A `logging.config` dictionary; requests and livets' own lines included."""
    made = copy.deepcopy(LOGGING_CONFIG)
    made["disable_existing_loggers"] = False
    for formatter in made["formatters"].values():
        formatter["use_colors"] = False if os.environ.get("NO_COLOR") else None
    made["formatters"]["default"]["()"] = Brief if dev else Formatter
    upper = level.upper()
    made["loggers"]["livets"] = {"handlers": ["default"], "level": upper, "propagate": False}
    made["loggers"]["uvicorn"]["level"] = upper
    made["loggers"]["uvicorn.access"]["level"] = upper
    made["loggers"]["uvicorn.error"]["level"] = "WARNING" if dev and level == "info" else upper
    return made
