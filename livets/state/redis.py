"""The snapshot store that workers share: one Redis hash a view, written by scripts, so every write is all or nothing.

Owns the layout of the hash and the fencing. Never blocks for long: each command has a timeout, and a failed one
raises StoreUnavailable, after which the caller may repeat it as it was or merged with later changes: writes carry
a number, and a write that had arrived although its answer was lost is overwritten, not doubled.

Layout of `livets:view:{view_id}` (the braces keep all keys of a view on one node of a Redis Cluster):
`g` generation · `t` token of the last claim · `w` number of the last write · `m` meta · `r` last ref · `s` system ·
`k` secret hashes · `f:NAME` field · `n:NAME` "COUNT WRITE" of a log, `l:NAME:1…COUNT` its pieces (msgpack arrays) ·
`e:N` effect. All but `g`, `t`, `w`, `r` and `n` is sealed.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import msgspec

from livets.errors import Fenced, Gone, LivetsError
from livets.redis_client import connect, failures, losses
from livets.redis_script import Script
from livets.state.keys import KeyRing
from livets.state.record import MAX_VIEW_BYTES, Change, Claim, Record
from livets.state.redis_scripts import CLAIM, CREATE, FORGET, RECREATE, REVOKE, WRITE
from livets.state.sealing import Seal, Unreadable

logger = logging.getLogger("livets.state")

_MAX_CONNECTIONS = 16
_MAX_LAST = 50_000
"""Views of which the number of the last write is remembered; of others what Redis has is taken for what it had."""
_REPEATS = 3
"""A command whose connection was lost is sent again so often, over others."""
_NO_CHANGE = Change()
_pack = msgspec.msgpack.Encoder().encode
_unpack_entries = msgspec.msgpack.Decoder(list[bytes]).decode


class StoreUnavailable(LivetsError):
    """Redis did not answer; nothing is known of the command's effect, and it may be repeated."""


class RedisStore:
    """Snapshots in Redis, fenced by a generation that every claim raises."""

    durable = True

    def __init__(
        self,
        url: str,
        *,
        ttl_s: int = 24 * 3600,
        unjoined_ttl_s: int | None = None,
        prefix: str = "livets:",
        timeout_s: float = 5.0,
        keys: KeyRing | None = None,
        max_view_bytes: int = MAX_VIEW_BYTES,
    ) -> None:
        """`unjoined_ttl_s`: how long a view is kept that nothing has claimed or written since its creation.

        `keys` encrypt what is stored; without them anybody who can read Redis can read it.
        """
        self._redis = connect(url, timeout_s=timeout_s, max_connections=_MAX_CONNECTIONS)
        self._failures = failures()
        self._lost = losses()
        self._ttl_s = ttl_s
        self._unjoined_ttl_s = ttl_s if unjoined_ttl_s is None else min(unjoined_ttl_s, ttl_s)
        self._prefix = prefix
        self._keys = keys
        self.max_view_bytes = max_view_bytes
        self._create = Script(self._redis, CREATE)
        self._recreate = Script(self._redis, RECREATE)
        self._claim = Script(self._redis, CLAIM)
        self._write = Script(self._redis, WRITE)
        self._forget = Script(self._redis, FORGET)
        self._revoke = Script(self._redis, REVOKE)
        self._is_away = False
        """Whether the last that was heard of Redis is that it did not answer: said once, not for every view."""
        self._process = secrets.token_hex(6)
        self._numbers = count(1)
        self._unanswered: dict[str, str] = {}
        """Views whose last write may have been carried out or not -> its number."""
        self._last: dict[str, str] = {}
        """Views -> number of the last write that was carried out; none while one is under way."""

    async def create(self, view_id: str, record: Record) -> int:
        """Store a freshly mounted view; returns its first generation."""
        arguments = [self._unjoined_ttl_s, secrets.token_bytes(8), *self._values(view_id, record)]
        if not await self._run(self._create, view_id, arguments):
            raise Fenced(f"there is already a view {view_id}")
        return 1

    async def recreate(self, view_id: str, generation: int, record: Record) -> None:
        """Put back a view that the store has lost. Raises Fenced when a newer generation is there."""
        self._unanswered.pop(view_id, None)
        self._last.pop(view_id, None)
        if not await self._run(self._recreate, view_id, [self._ttl_s, generation, *self._values(view_id, record)]):
            raise Fenced(f"view {view_id} has been taken over")

    async def claim(self, view_id: str, known_generation: int | None) -> Claim | None:
        """Take the view over: its generation goes up by one and older writers are fenced out.

        None as well for a record that none of the keys opens: it is lost.
        """
        known = -1 if known_generation is None else known_generation
        answer = await self._run(self._claim, view_id, [self._ttl_s, known, secrets.token_bytes(8)])
        self._unanswered.pop(view_id, None)
        if answer is None:
            return None
        generation, pairs = int(answer[0]), answer[1]
        if pairs:  # else nobody has written since we did
            self._last.pop(view_id, None)
        try:
            return Claim(generation, self._record(view_id, pairs) if pairs else None)
        except (Unreadable, ValueError) as error:
            logger.error("the snapshot of view %s is lost: %s", view_id, error)
            return None

    async def write(self, view_id: str, generation: int, change: Change) -> None:
        """Apply a change atomically; an empty one only renews the expiry. Raises Fenced, Gone, StoreUnavailable."""
        is_renewal = change == _NO_CHANGE
        if is_renewal:
            number, last = "", "" if view_id in self._unanswered else self._last.get(view_id, "")
        else:
            number = self._unanswered.get(view_id) or f"{self._process}{next(self._numbers)}"
            last = self._last.pop(view_id, "")
        try:
            arguments = [generation, self._ttl_s, number, last, *_flat(change, Seal(self._keys, view_id))]
            outcome = await self._run(self._write, view_id, arguments)
        except StoreUnavailable:
            if not is_renewal:
                self._unanswered[view_id] = number
                self._remember(view_id, last)
            raise
        if not is_renewal:
            self._unanswered.pop(view_id, None)
            self._remember(view_id, number if outcome > 0 else last)
        if outcome < 0:
            raise Gone(f"Redis has lost view {view_id}, or what was written of it last")
        if not outcome:
            raise Fenced(f"view {view_id} has been taken over")

    async def forget(self, view_id: str, generation: int) -> None:
        """Drop the view, if `generation` is still current."""
        self._unanswered.pop(view_id, None)
        self._last.pop(view_id, None)
        await self._run(self._forget, view_id, [generation])

    async def use_once(self, name: str, ttl_s: int) -> bool:
        """Whether nobody has used `name` within its life time, on any worker; from now on it is used."""
        try:
            return bool(await self._redis.set(f"{self._prefix}used:{name}", b"", nx=True, ex=ttl_s))
        except self._failures as error:
            raise self._unavailable(error) from error

    async def epochs(self, names: Sequence[str]) -> list[int]:
        """When each of these was last revoked, as a number that only grows; 0 for never."""
        counts = [await self._answer(partial(self._redis.get, f"{self._prefix}revoked:{name}")) for name in names]
        return [int(count or 0) for count in counts]

    async def revoke(self, name: str, ttl_s: int) -> int:
        """Revoke it now; forgotten when nothing has revoked it for `ttl_s` seconds."""
        try:
            return int(await self._revoke(keys=[f"{self._prefix}revoked:{name}"], args=[ttl_s]))
        except self._failures as error:
            raise self._unavailable(error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    def _remember(self, view_id: str, last: str) -> None:
        if last:
            self._last[view_id] = last
            if len(self._last) > _MAX_LAST:
                del self._last[next(iter(self._last))]

    def _values(self, view_id: str, record: Record) -> list[bytes | str | int]:
        seal = Seal(self._keys, view_id).seal
        values: list[bytes | str | int] = ["r", record.ref]
        for name, value in (("m", record.meta), ("s", record.system), ("k", record.secret)):
            values += (name, seal(name, value))
        for name, base in record.fields.items():
            values += (f"f:{name}", seal(f"f:{name}", base))
        for name, entries in record.logs.items():
            values += (f"n:{name}", "1 0", f"l:{name}:1", seal(f"l:{name}", _pack(entries)))
        for number, effect in record.effects.items():
            values += (f"e:{number}", seal(f"e:{number}", effect))
        return values

    def _record(self, view_id: str, pairs: Sequence[bytes]) -> Record:
        """Raises Unreadable."""
        record, unseal = Record(b""), Seal(self._keys, view_id).unseal
        pieces: dict[tuple[str, int], bytes] = {}
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            kind, _, name = key.decode().partition(":")
            if kind == "f":
                record.fields[name] = unseal(key.decode(), value)
            elif kind == "l":
                log, _, number = name.rpartition(":")
                pieces[log, int(number)] = value
            elif kind == "e":
                record.effects[int(name)] = unseal(key.decode(), value)
            elif kind in "msk":
                setattr(record, {"m": "meta", "s": "system", "k": "secret"}[kind], unseal(kind, value))
            elif kind == "r":
                record.ref = int(value)
        for (log, _), value in sorted(pieces.items()):
            record.logs.setdefault(log, []).extend(_unpack_entries(unseal(f"l:{log}", value)))
        return record

    async def _run(self, script: Script, view_id: str, arguments: Sequence[bytes | str | int]) -> Any:
        return await self._answer(lambda: script(keys=[f"{self._prefix}view:{{{view_id}}}"], args=arguments))

    async def _answer(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """The answer to a command that may be carried out twice.

        After a failover each connection of the pool is dead until it is used once: that is no reason for an error.
        """
        lost = 0
        try:
            for _ in range(_MAX_CONNECTIONS):
                try:
                    answer = await command()
                    self._heard()
                    return answer
                except RuntimeError:  # a connection that was lost in the pool: nothing was sent
                    continue
                except self._lost as error:
                    lost += 1
                    if lost > _REPEATS or isinstance(error.__context__, TimeoutError):  # none is free
                        raise
            raise ConnectionError("every connection to it was lost")
        except self._failures as error:
            raise self._unavailable(error) from error

    def _heard(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.warning("Redis carries out snapshot commands again")

    def _unavailable(self, error: BaseException) -> StoreUnavailable:
        if not self._is_away:
            self._is_away = True
            logger.warning(
                "Redis does not carry out snapshot commands (%s: %s); views go on, and are written when it does",
                type(error).__name__, error,
            )  # fmt: skip
        return StoreUnavailable(f"Redis did not carry out a snapshot command ({type(error).__name__}: {error})")


def _flat(change: Change, box: Seal) -> list[bytes | str | int]:
    """The change as the flat arguments of the script: sets, deletions, bases, logs; each with its length."""
    seal = box.seal
    sets: list[bytes | str | int] = [] if change.ref is None else ["r", change.ref]
    for name, value in (("s", change.system), ("k", change.secret)):
        if value is not None:
            sets += (name, seal(name, value))
    unsent = (item for item in change.effects.items() if item[0] not in change.effects_sent)
    for number, effect in unsent:
        sets += (f"e:{number}", seal(f"e:{number}", effect))
    deletions = [f"e:{number}" for number in change.effects_sent]
    bases: list[bytes | str | int] = []
    for name, base in change.fields.items():
        bases += (name, seal(f"f:{name}", base))
    logs: list[bytes | str | int] = []
    for name, entries in change.logs.items():
        logs += (name, seal(f"l:{name}", _pack(entries)))
    return [len(sets), *sets, len(deletions), *deletions, len(bases), *bases, len(logs), *logs]
