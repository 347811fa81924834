"""The token that opens an API: made once, shown once, kept as a hash in a file that only its owner can read.

Compared in constant time. Never logged, never taken from a query string. Called by the guard for every request.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from livets.engine.errors import EngineError

MIN_LENGTH = 24
"""Characters that a token of one's own must have at least."""


class Token:
    """Knows the SHA-256 of a token, not the token. (It has 256 random bits: there is nothing to guess and to slow.)

    >>> Token.of("a token that nobody can guess").matches("another")
    False
    """

    __slots__ = ("_digest",)

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    @classmethod
    def of(cls, text: str) -> Token:
        """Return the Token for `text`; raises EngineError when it is too short to be one."""
        if len(text) < MIN_LENGTH:
            raise EngineError(
                f"a token has at least {MIN_LENGTH} characters, not {len(text)}: "
                'python -c "import secrets; print(secrets.token_urlsafe(32))" makes a good one'
            )
        return cls(_digest(text))

    def matches(self, given: str) -> bool:
        """Whether `given` is the token; takes as long whatever is wrong with it."""
        return hmac.compare_digest(self._digest, _digest(given))


def kept_token(path: Path, *, renew: bool = False) -> tuple[Token, str | None]:
    """Return the token kept at `path`, and its text when it was made just now (`renew` makes a new one).

    Raises EngineError when the file is not what this function wrote, or others may read it.
    """
    if renew:
        path.unlink(missing_ok=True)
    try:
        return Token(_read(path)), None
    except FileNotFoundError:
        text = "lvt_" + secrets.token_urlsafe(32)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was as quick
            return Token(_read(path)), None
        with os.fdopen(file, "w") as writer:
            writer.write(_digest(text).hex() + "\n")
        return Token.of(text), text


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise EngineError(f"{path} can be read by others: chmod 600 {path}, and make a new token with --new-token")
    try:
        digest = bytes.fromhex(path.read_text().strip())
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise EngineError(f"{path} holds no token: make a new one with --new-token")
    return digest
