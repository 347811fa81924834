"""The browser session: a sealed cookie, read at every page and every socket.

Owns the cookie's name, attributes and content (id, times and your data, encrypted). Never trusts the cookie's own
Max-Age: the end stands inside the box. Called by `page` (reads, makes, renews) and `socket` (reads).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec

from livets.state import KeyRing
from livets.transport.origin import Scope

_PURPOSE = "session"
_MAX_COOKIE_CHARACTERS = 8 * 1024


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who a browser is, between its visits."""

    id: str
    issued: int
    """Unix time, as are all times here."""
    expires: int
    data: dict[str, Any]
    user: str = ""
    """Who signed in (`app.login`); "" for nobody."""
    epoch: int = 0
    """The user's revocation epoch at that time: a number that only grows."""

    @property
    def hash(self) -> bytes:
        """What tokens and snapshots hold instead of the id."""
        return hashlib.blake2b(self.id.encode(), digest_size=16, person=b"livets-session").digest()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Session).decode


class SessionCookie:
    """Reads and writes the session cookie."""

    def __init__(self, keys: KeyRing, *, name: str, max_age_s: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._name = name
        self._max_age_s = max_age_s
        self._clock = clock

    def new(self, data: dict[str, Any] | None = None, user: str = "", epoch: int = 0) -> Session:
        """A session that nobody has yet."""
        now = int(self._clock())
        return Session(secrets.token_urlsafe(18), now, now + self._max_age_s, data or {}, user, epoch)

    def renewed(self, session: Session) -> Session | None:
        """The same session with a later end once half of its time is over, else None."""
        now = int(self._clock())
        if session.expires - now > self._max_age_s // 2:
            return None
        return msgspec.structs.replace(session, issued=now, expires=now + self._max_age_s)

    def has_expired(self, session: Session) -> bool:
        """Whether its end has come."""
        return session.expires <= self._clock()

    def read(self, scope: Scope, *, secure: bool) -> Session | None:
        """The session of a request; None without a cookie that this application sealed and that still holds."""
        prefix = f"{self._full_name(secure)}="
        for key, value in scope["headers"]:
            if key != b"cookie":
                continue
            for part in value.decode("latin-1").split(";"):
                name_and_box = part.strip()
                if name_and_box.startswith(prefix):
                    return self._open(name_and_box[len(prefix) :])
        return None

    def header(self, session: Session, *, secure: bool) -> str:
        """The value of a Set-Cookie header."""
        box = self._keys.seal(_PURPOSE, _encode(session))
        age_s = max(0, session.expires - int(self._clock()))
        end = "; Secure" if secure else ""
        return f"{self._full_name(secure)}={box}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{end}"

    def _full_name(self, secure: bool) -> str:
        """Over TLS the browser itself then refuses a cookie of that name from any other host or path."""
        return f"__Host-{self._name}" if secure else self._name

    def _open(self, box: str) -> Session | None:
        if len(box) > _MAX_COOKIE_CHARACTERS:
            return None
        data = self._keys.unseal(_PURPOSE, box)
        if data is None:
            return None
        try:
            session = _decode(data)
        except msgspec.DecodeError:
            return None
        return None if self.has_expired(session) else session
