"""What nodes may touch: folders, hosts, databases, secrets, functions. Declared by the program, never by a file.

A workflow only names what is granted; everything else is refused with the kind "forbidden", and nothing is looked up
by a name that was not declared. Given to FlowRuntime; reaches nodes as `self.grants`, set before `initialize`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from livets.engine.errors import NodeError
from livets.engine.sandbox.sandbox import Sandbox
from livets.flow.database import Database
from livets.flow.network import Network


class FileRoot(msgspec.Struct, frozen=True):
    """A folder that nodes may read below, and write below when `writable`."""

    folder: Path
    writable: bool = False

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "folder", Path(self.folder))  # as text it is as good


class Program(msgspec.Struct, frozen=True):
    """A program that nodes may start in the sandbox: its path, further paths that it may read, its environment."""

    path: str
    reads: tuple[str, ...] = ()
    environment: dict[str, str] = {}

    def __post_init__(self) -> None:
        if not os.path.isabs(self.path) or not all(os.path.isabs(path) for path in self.reads):
            raise ValueError(f"programs and what they read are named by absolute paths: {self.path}")


class Grants:
    """All that nodes of a runtime may touch, by name.

    `files`: folders (a plain path is read-only). `network`: where http.request and other sources may connect; by
    default every public address and no private one. `databases`: Database objects, or paths of SQLite files
    (read-only). `secrets`: texts that configurations name instead of holding. `functions`: what python.function may
    call. `templates`: sources of templates that the program vouches for; `trust_templates` vouches for those that
    stand in workflow files too. `redis`: URLs of servers that queue triggers may read. `programs`: what process.program
    may start; `shell`: whether process.shell may start one (both in the sandbox). `wasm`: modules, as paths or bytes;
    `wasi`: whether modules may use WASI (clocks, random numbers, streams; no files). `sandbox`: where the code of
    strangers runs, and its limits.

    >>> grants = Grants(files={"data": "/srv/data"}, secrets={"token": "abc"})
    >>> grants.secret("token")
    'abc'
    >>> grants.secret("other")
    Traceback (most recent call last):
    livets.engine.errors.NodeError: no secret 'other' is granted: Grants(secrets={'other': ...}); there are: token
    """

    def __init__(
        self,
        *,
        files: Mapping[str, str | Path | FileRoot] | None = None,
        network: Network | None = None,
        databases: Mapping[str, str | Path | Database] | None = None,
        secrets: Mapping[str, str] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        templates: Mapping[str, str] | None = None,
        trust_templates: bool = False,
        redis: Mapping[str, str] | None = None,
        programs: Mapping[str, str | Path | Program] | None = None,
        shell: bool = False,
        wasm: Mapping[str, str | Path | bytes] | None = None,
        wasi: bool = False,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._files = {
            name: root if isinstance(root, FileRoot) else FileRoot(Path(root)) for name, root in (files or {}).items()
        }
        self.network = network or Network()
        self._databases = {
            name: one if isinstance(one, Database) else Database.sqlite(one) for name, one in (databases or {}).items()
        }
        self._secrets = dict(secrets or {})
        self._functions = dict(functions or {})
        self._templates = dict(templates or {})
        self.trust_templates = trust_templates
        self._redis = dict(redis or {})
        self._programs = {
            name: one if isinstance(one, Program) else Program(str(one)) for name, one in (programs or {}).items()
        }
        self.shell = shell
        self._wasm = dict(wasm or {})
        self.wasi = wasi
        self.sandbox = sandbox or Sandbox()

    def file_root(self, name: str, *, write: bool = False) -> FileRoot:
        """Return a granted folder; raises NodeError when there is none of that name, or it may not be written."""
        root: FileRoot = _granted("files", "file root", name, self._files)
        if write and not root.writable:
            message = f"the file root {name!r} is read-only: grant FileRoot({str(root.folder)!r}, writable=True)"
            raise NodeError(message, "forbidden", retryable=False)
        return root

    def database(self, name: str) -> Database:
        """Return a granted database."""
        found: Database = _granted("databases", "database", name, self._databases)
        return found

    def secret(self, name: str) -> str:
        """Return a granted secret."""
        found: str = _granted("secrets", "secret", name, self._secrets)
        return found

    def secret_values(self) -> list[str]:
        """Return every granted secret, for those who have to keep them out of what they show."""
        return list(self._secrets.values())

    def function(self, name: str) -> Callable[..., Any]:
        """Return a granted function."""
        found: Callable[..., Any] = _granted("functions", "function", name, self._functions)
        return found

    def template(self, name: str) -> str:
        """Return the source of a granted template."""
        found: str = _granted("templates", "template", name, self._templates)
        return found

    def redis_url(self, name: str) -> str:
        """Return the URL of a granted Redis server."""
        found: str = _granted("redis", "Redis server", name, self._redis)
        return found

    def program(self, name: str) -> Program:
        """Return a granted program."""
        found: Program = _granted("programs", "program", name, self._programs)
        return found

    def wasm_module(self, name: str) -> bytes:
        """Return the bytes of a granted WebAssembly module."""
        found: str | Path | bytes = _granted("wasm", "WebAssembly module", name, self._wasm)
        return found if isinstance(found, bytes) else Path(found).read_bytes()

    async def close(self) -> None:
        """Close the pools of the databases, and the sandbox."""
        await self.sandbox.close()
        for database in self._databases.values():
            await database.close()


def _granted(field: str, what: str, name: str, things: Mapping[str, Any]) -> Any:
    if name not in things:
        known = ", ".join(sorted(things)) or "none"
        message = f"no {what} {name!r} is granted: Grants({field}={{{name!r}: ...}}); there are: {known}"
        raise NodeError(message, "forbidden", retryable=False)
    return things[name]
