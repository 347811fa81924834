"""The secret of an application that was given none: a file of this host and user, shared by its workers (D11).

Created once, atomically, readable by its owner only; a file that others could have read or written is refused.
Called by `app` when neither `LIVETS_SECRET_KEY` nor `LiveTS(secret_key=…)` is set.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path

from livets.errors import ConfigError

_NAME = "secret.key"
_SECRET_BYTES = 48


def host_secret(directory: Path, application: str = "") -> str:
    """The secret of one application on this host, made on first use. Raises ConfigError when it can't be kept safely.

    `application`: what tells it from others of the same user, who must not take its sessions for their own (browsers
    send cookies to every port of a host).
    """
    secret = _host_secret(directory)
    return hmac.new(secret.encode(), application.encode(), "sha256").hexdigest() if application else secret


def _host_secret(directory: Path) -> str:
    path = directory / _NAME
    try:
        if not path.exists():
            _create(path)
        return _read(path)
    except OSError as error:
        raise ConfigError(
            f"no LIVETS_SECRET_KEY is set, and a secret of this host can't be kept in {path}: "
            f"{error.strerror or error}. Set LIVETS_SECRET_KEY "
            "(python -c 'import secrets; print(secrets.token_urlsafe(32))'), "
            "or LIVETS_STATE_DIR to a directory that this user may write."
        ) from error


def _create(path: Path) -> None:
    """Write a new secret aside and link it into place: whoever comes second keeps the first one's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f"{_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            return
    finally:
        aside.unlink()


def _read(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle) as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
            raise ConfigError(
                f"{path} must be a plain file that only its owner (you) can read: "
                f"chmod 600 it, or delete it and a new one is made (open pages then load again)."
            )
        return file.read().strip()
