"""Tests of live views: pages in this process, without server and browser; docs/testing_apps.md is the guide.

Names are imported when they are first used: pytest loads the plugin of this package in every run, also in those that
test no live view.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from livets.mirror.misfit import Misfit
    from livets.testing.asgi import Response
    from livets.testing.connection import Patch, Sent
    from livets.testing.element import Element
    from livets.testing.errors import (
        Gone,
        NoPage,
        NotAwaited,
        NotFound,
        NotPossible,
        Refused,
        TestingError,
        TimedOut,
    )
    from livets.testing.page import Page
    from livets.testing.person import Client, client
    from livets.testing.watch import Broadcast

__all__ = [
    "Broadcast",
    "Client",
    "Element",
    "Gone",
    "Misfit",
    "NoPage",
    "NotAwaited",
    "NotFound",
    "NotPossible",
    "Page",
    "Patch",
    "Refused",
    "Response",
    "Sent",
    "TestingError",
    "TimedOut",
    "client",
]

_MODULES = {
    "Broadcast": "livets.testing.watch",
    "Client": "livets.testing.person",
    "Element": "livets.testing.element",
    "Gone": "livets.testing.errors",
    "Misfit": "livets.mirror.misfit",
    "NoPage": "livets.testing.errors",
    "NotAwaited": "livets.testing.errors",
    "NotFound": "livets.testing.errors",
    "NotPossible": "livets.testing.errors",
    "Page": "livets.testing.page",
    "Patch": "livets.testing.connection",
    "Refused": "livets.testing.errors",
    "Response": "livets.testing.asgi",
    "Sent": "livets.testing.connection",
    "TestingError": "livets.testing.errors",
    "TimedOut": "livets.testing.errors",
    "client": "livets.testing.person",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
