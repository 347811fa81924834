"""Sealing: bytes that leave this server (cookies, page tokens, resume secrets) and must come back unread and unchanged.

Owns the keys and what is derived from them. Never writes a key to Redis, a log or a `repr`.
`app` builds one KeyRing; `transport` seals and unseals with it.

A box is urlsafe base64 of: format (1 byte), key id (4), salt (16), ChaCha20-Poly1305 ciphertext. Every box has a
key of its own, derived from the purpose's key and the salt, so the number of boxes is not bounded by a short nonce.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from livets.errors import ConfigError

_FORMAT = b"\x01"
_ID_BYTES = 4
_SALT_BYTES = 16
_TAG_BYTES = 16
_HEAD_BYTES = len(_FORMAT) + _ID_BYTES + _SALT_BYTES
_ZERO_NONCE = b"\0" * 12
_MIN_SECRET_CHARACTERS = 32
_MAX_BOX_CHARACTERS = 16 * 1024


class _Key:
    """One secret and the keys derived from it (HKDF-SHA256)."""

    __slots__ = ("_by_purpose", "_root", "id")

    def __init__(self, secret: bytes) -> None:
        self._root = hmac.digest(b"livets key ring 1", secret, "sha256")
        self.id = self._expand(b"id")[:_ID_BYTES]
        self._by_purpose: dict[str, bytes] = {}

    def box_key(self, purpose: str, salt: bytes) -> bytes:
        key = self._by_purpose.get(purpose)
        if key is None:
            key = self._by_purpose[purpose] = self._expand(b"seal:" + purpose.encode())
        return hashlib.blake2b(salt, key=key, digest_size=32).digest()

    def derived(self, purpose: str) -> bytes:
        return self._expand(b"derive:" + purpose.encode())

    def _expand(self, info: bytes) -> bytes:
        return hmac.digest(self._root, info + b"\x01", "sha256")


class KeyRing:
    """Seals with the first secret, unseals with any of them."""

    __slots__ = ("_first", "_keys")

    def __init__(self, secret_keys: Iterable[str | bytes]) -> None:
        """Raises ConfigError when there is no secret or one is too short to be one."""
        ring = [_Key(_checked(secret)) for secret in secret_keys]
        if not ring:
            raise ConfigError("a key ring needs at least one secret; set LIVETS_SECRET_KEY or LiveTS(secret_key=…)")
        self._first = ring[0]
        self._keys = {key.id: key for key in ring}

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    def seal(self, purpose: str, data: bytes) -> str:
        """`data` encrypted and authenticated, as text; only `unseal` with the same purpose opens it."""
        return base64.urlsafe_b64encode(self.encrypt(purpose, data)).rstrip(b"=").decode()

    def unseal(self, purpose: str, box: str) -> bytes | None:
        """What was sealed, or None for anything that this ring did not seal for this purpose."""
        raw = _decoded(box)
        return None if raw is None else self.decrypt(purpose, raw)

    def encrypt(self, purpose: str, data: bytes, place: bytes = b"") -> bytes:
        """`data` as a box of bytes that only `decrypt` with the same purpose and place opens."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        key, salt = self._first, secrets.token_bytes(_SALT_BYTES)
        head = _FORMAT + key.id + salt
        aead = ChaCha20Poly1305(key.box_key(purpose, salt))
        return head + aead.encrypt(_ZERO_NONCE, data, head + purpose.encode() + place)

    def decrypt(self, purpose: str, raw: bytes, place: bytes = b"") -> bytes | None:
        """What was encrypted, or None for anything that this ring did not encrypt for this purpose and place."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        if len(raw) < _HEAD_BYTES + _TAG_BYTES or not raw.startswith(_FORMAT):
            return None
        head, body = raw[:_HEAD_BYTES], raw[_HEAD_BYTES:]
        key = self._keys.get(head[1 : 1 + _ID_BYTES])
        if key is None:
            return None
        aead = ChaCha20Poly1305(key.box_key(purpose, head[1 + _ID_BYTES :]))
        try:
            return aead.decrypt(_ZERO_NONCE, body, head + purpose.encode() + place)
        except InvalidTag:
            return None

    def derived(self, purpose: str) -> list[bytes]:
        """Keys of 32 bytes for another use than sealing, one a secret, the first secret's first."""
        return [key.derived(purpose) for key in self._keys.values()]


def _checked(secret: str | bytes) -> bytes:
    raw = secret.encode() if isinstance(secret, str) else secret
    if len(raw) < _MIN_SECRET_CHARACTERS:
        raise ConfigError(
            f"a secret key of {len(raw)} characters can be guessed; at least {_MIN_SECRET_CHARACTERS} are needed. "
            'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return raw


def _decoded(box: str) -> bytes | None:
    """The bytes of a box, None unless it is exactly what `seal` would write (no second spelling of a box)."""
    if len(box) > _MAX_BOX_CHARACTERS or not box.isascii():
        return None
    text = box.encode()
    try:
        raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return raw if hmac.compare_digest(base64.urlsafe_b64encode(raw).rstrip(b"="), text) else None
