"""Grants in a TOML file, for the command line: who runs workflows says there what they may touch.

Read only when somebody names the file: one that lies beside a workflow may be a stranger's. Paths are relative to it.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import msgspec

from livets.engine.errors import EngineError
from livets.engine.sandbox.limits import Limits
from livets.engine.sandbox.sandbox import Sandbox
from livets.flow.database import Database
from livets.flow.grants import FileRoot, Grants, Program
from livets.flow.network import Network


class Folder(msgspec.Struct, forbid_unknown_fields=True):
    """A folder under `[files]`."""

    folder: str
    writable: bool = False


class Sqlite(msgspec.Struct, forbid_unknown_fields=True):
    """An SQLite file under `[databases]`."""

    sqlite: str
    writable: bool = False


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """A secret under `[secrets]`: in a variable of the environment, or in a file."""

    env: str = ""
    file: str = ""


class ProgramEntry(msgspec.Struct, forbid_unknown_fields=True):
    """A program under `[programs]`."""

    path: str
    reads: list[str] = []
    environment: dict[str, str] = {}


class SandboxEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[sandbox]`: the limits of each job, and folders that code may import from."""

    limits: Limits = Limits()
    packages: list[str] = []
    max_parallel: int = 8


class GrantsFile(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    files: dict[str, str | Folder] = {}
    network: Network = msgspec.field(default_factory=Network)
    databases: dict[str, Sqlite] = {}
    secrets: dict[str, Secret] = {}
    redis: dict[str, str] = {}
    templates: dict[str, str] = {}
    trust_templates: bool = False
    programs: dict[str, str | ProgramEntry] = {}
    shell: bool = False
    wasm: dict[str, str] = {}
    wasi: bool = False
    sandbox: SandboxEntry = SandboxEntry()


def read_grants(path: str | Path) -> Grants:
    """Return the grants in a TOML file; raises EngineError naming the file and what is wrong there."""
    path = Path(path)
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
        found = msgspec.convert(plain, GrantsFile)
        return _grants(found, path.parent)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise EngineError(f"{path}: {error}") from None


def _grants(found: GrantsFile, beside: Path) -> Grants:
    return Grants(
        files={
            name: FileRoot(beside / one) if isinstance(one, str) else FileRoot(beside / one.folder, one.writable)
            for name, one in found.files.items()
        },
        network=found.network,
        databases={
            name: Database.sqlite(beside / one.sqlite, writable=one.writable) for name, one in found.databases.items()
        },
        secrets={name: _secret(name, one, beside) for name, one in found.secrets.items()},
        redis=found.redis,
        templates={name: (beside / file).read_text(encoding="utf-8") for name, file in found.templates.items()},
        trust_templates=found.trust_templates,
        programs={
            name: Program(one) if isinstance(one, str) else Program(one.path, tuple(one.reads), one.environment)
            for name, one in found.programs.items()
        },
        shell=found.shell,
        wasm={name: (beside / file).read_bytes() for name, file in found.wasm.items()},
        wasi=found.wasi,
        sandbox=Sandbox(
            found.sandbox.limits,
            packages=[beside / path for path in found.sandbox.packages],
            max_parallel=found.sandbox.max_parallel,
        ),
    )


def _secret(name: str, one: Secret, beside: Path) -> str:
    if one.file:
        return (beside / one.file).read_text(encoding="utf-8").strip()
    if one.env not in os.environ:
        raise EngineError(
            f"the secret {name!r} is to be in the variable {one.env!r} of the environment, which is not set"
        )
    return os.environ[one.env]
