"""What all people of one test share: the applications that run, what failed in them, what was broadcast.

Owns one `Host` for each application, and the end of all of them. Made by the first person of a test.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from livets.testing.asgi import App
from livets.testing.errors import TestingError
from livets.testing.host import Host
from livets.testing.watch import Broadcast, Failures


class Stage:
    """Everything of one test that has to be taken down again."""

    def __init__(self, timeout_s: float) -> None:
        self.failures = Failures()
        self.broadcasts: list[Broadcast] = []
        self._timeout_s = timeout_s
        self._hosts: dict[int, Host] = {}

    async def host(self, app: App) -> Host:
        """The one that runs `app`; it is started when it is first asked for."""
        logging.getLogger("livets").addHandler(self.failures)
        if id(app) not in self._hosts:
            self._hosts[id(app)] = Host(
                app, timeout_s=self._timeout_s, failures=self.failures, broadcasts=self.broadcasts
            )
        host = self._hosts[id(app)]
        await host.start()
        return host

    @property
    def hosts(self) -> list[Host]:
        """Those that run."""
        return list(self._hosts.values())

    async def stop(self) -> None:
        """Close every page, stop every application."""
        try:
            for host in self.hosts:
                await host.stop()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Watch nothing any longer."""
        for host in self.hosts:
            host.abandon()
        self._hosts.clear()
        logging.getLogger("livets").removeHandler(self.failures)

    @contextlib.contextmanager
    def expecting(self) -> Iterator[list[BaseException]]:
        """Errors in the block are collected instead of raised; there must be one."""
        errors: list[BaseException] = []
        self.failures.expected = errors
        try:
            yield errors
        finally:
            self.failures.expected = None
        if not errors:
            raise TestingError("an error was expected, and none has happened")
