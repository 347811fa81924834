"""How a serving process logs: uvicorn's format for everything, its chatter about itself only in production.

Owns the logging configuration of `livets dev` and `livets run`. Called by `child`.
"""

from __future__ import annotations

import copy
import os
from typing import Any

from uvicorn.config import LOGGING_CONFIG

LEVELS = ("critical", "error", "warning", "info", "debug")


def config(level: str, *, dev: bool) -> dict[str, Any]:
    """A `logging.config` dictionary; requests and livets' own lines included."""
    made = copy.deepcopy(LOGGING_CONFIG)
    made["disable_existing_loggers"] = False
    for formatter in made["formatters"].values():
        formatter["use_colors"] = False if os.environ.get("NO_COLOR") else None
    upper = level.upper()
    made["loggers"]["livets"] = {"handlers": ["default"], "level": upper, "propagate": False}
    made["loggers"]["uvicorn"]["level"] = upper
    made["loggers"]["uvicorn.access"]["level"] = upper
    made["loggers"]["uvicorn.error"]["level"] = "WARNING" if dev and level == "info" else upper
    return made
