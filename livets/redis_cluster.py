"""A client of a Redis Cluster: commands go to the node that serves their key, wherever that is by now.

Owns routing: MOVED and ASK are followed, and what was not carried out because a node went away or a slot is on its way
is tried again. How many may go to a node at once, and each command's timeout, are its client's. Used in the place of
`redis.asyncio.Redis` for the commands of this house: one key, or all keys with one hash tag (ADR 0010 says why it is
not redis-py's). Made by `redis_client.connect`.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Self

from redis.asyncio.connection import AbstractConnection
from redis.commands.core import AsyncCoreCommands
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, ClusterError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError

from livets.redis_layout import Address, Layout, NodeClient

_REDIRECTIONS = 8
_RETRIES = 2
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5
_UNROUTED = (MovedError, AskError, TryAgainError, ClusterDownError, RedisConnectionError)
"""What a command raises that was not carried out, and may be at another node or a little later."""

Command = tuple[tuple[Any, ...], dict[str, Any]]
"""Arguments and options, as `execute_command` takes them."""


class RedisCluster(AsyncCoreCommands):
    """The nodes of one cluster as if they were one server."""

    _event_dispatcher: Any = None

    def __init__(self, startup: Iterable[Address], make: Callable[[str, int], NodeClient], *, timeout_s: float) -> None:
        """`make(host, port)` is the client of one node; its commands take at most `timeout_s` seconds."""
        self._layout = Layout(startup, make, timeout_s=timeout_s)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """The answer to one command; one without a key goes to all primaries. Raises what Redis does."""
        slot = _slot(args)
        if slot is None:
            return await self._everywhere(args, options)
        asked: Address | None = None
        redirections = failures = 0
        while True:
            version = self._layout.version
            try:
                address = asked or await self._layout.owner(slot)
                return await self._send(address, args, options, asking=asked is not None)
            except MovedError as error:
                asked = None
                self._layout.moved(slot, (error.host, error.port))
                redirections += 1
            except AskError as error:
                asked = (error.host, error.port)
                redirections += 1
            except (TryAgainError, ClusterDownError, RedisConnectionError) as error:
                asked = None
                self._doubt(error, version)
                if failures == _RETRIES or isinstance(error.__context__, TimeoutError):  # no connection is free
                    raise
                failures += 1
                await asyncio.sleep(random.uniform(0.5, 1) * min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**failures))  # noqa: S311
            except (RedisError, OSError, RuntimeError) as error:
                self._doubt(error, version)
                raise
            if redirections > _REDIRECTIONS:
                raise ClusterError(f"the nodes of the Redis Cluster do not agree on who serves slot {slot}")

    def pipeline(self, *, transaction: bool = False) -> ClusterPipeline:
        """Commands that are sent together, each node's at once; a transaction there is none."""
        assert not transaction
        return ClusterPipeline(self)

    async def run(self, commands: list[Command]) -> list[Any]:
        """The answers, an exception for what failed. Commands of one slot are carried out in their order."""
        answers: list[Any] = [None] * len(commands)
        nodes: dict[Address, list[int]] = defaultdict(list)
        version = self._layout.version
        for index, (args, _) in enumerate(commands):
            try:
                nodes[await self._layout.owner(_slot(args) or 0)].append(index)
            except (RedisError, OSError, RuntimeError) as error:
                answers[index] = error
        await asyncio.gather(*(self._run_at(node, commands, answers, at) for node, at in nodes.items()))
        for index, (args, options) in enumerate(commands):
            if isinstance(answers[index], _UNROUTED):
                self._doubt(answers[index], version)
                try:
                    answers[index] = await self.execute_command(*args, **options)
                except (RedisError, OSError, RuntimeError) as error:
                    answers[index] = error
        return answers

    def doubt(self) -> None:
        """Something went wrong at a node: the cluster is asked before it is relied on again."""
        self._layout.doubt()

    async def primaries(self) -> list[NodeClient]:
        """The clients of all nodes that serve a slot. Raises what Redis does."""
        return [self._layout.client(address) for address in await self._layout.primaries()]

    async def node_of(self, key: bytes) -> Address:
        """The primary that serves the key. Raises what Redis does."""
        return await self._layout.owner(key_slot(key))

    def connection(self, node: Address | None) -> AbstractConnection:
        """One of its own to a node, or to any, not connected yet; whoever asks for it closes it."""
        client = self._layout.client(node or self._layout.any())
        connection: AbstractConnection = client.connection_pool.make_connection()
        return connection

    async def aclose(self) -> None:
        """Cut all connections."""
        await self._layout.close()

    async def _send(self, address: Address, args: tuple[Any, ...], options: dict[str, Any], *, asking: bool) -> Any:
        client = self._layout.client(address)
        if not asking:
            return await client.execute_command(*args, **options)
        async with client.pipeline(transaction=False) as pipeline:  # ASKING holds for one command of its connection
            pipeline.execute_command("ASKING")
            pipeline.execute_command(*args, **options)
            return (await pipeline.execute())[1]

    async def _run_at(self, node: Address, commands: list[Command], answers: list[Any], at: list[int]) -> None:
        try:
            async with self._layout.client(node).pipeline(transaction=False) as pipeline:
                for index in at:
                    args, options = commands[index]
                    pipeline.execute_command(*args, **options)
                found = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, RuntimeError) as error:
            found = [error] * len(at)
        for index, answer in zip(at, found, strict=True):
            answers[index] = answer

    async def _everywhere(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """What one primary answers; those that do not are told when a key of theirs is used."""
        version = self._layout.version
        sent = [client.execute_command(*args, **options) for client in await self.primaries()]
        answers = await asyncio.gather(*sent, return_exceptions=True)
        for answer in answers:
            if not isinstance(answer, BaseException):
                return answer
        self._doubt(answers[0], version)
        raise answers[0]

    def _doubt(self, error: BaseException, version: int) -> None:
        if not isinstance(error, TryAgainError | MovedError | AskError):
            self._layout.doubt(version)


class ClusterPipeline(AsyncCoreCommands):
    """Collects commands; `execute` sends them."""

    _event_dispatcher: Any = None

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._commands: list[Command] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._commands.clear()

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Note a command."""
        self._commands.append((args, options))
        return self

    async def execute(self, *, raise_on_error: bool = True) -> list[Any]:
        """The answers in order. Raises the first error, or returns all in their places."""
        commands, self._commands = self._commands, []
        answers = await self._cluster.run(commands)
        for answer in answers:
            if raise_on_error and isinstance(answer, BaseException):
                raise answer
        return answers


def _slot(args: tuple[Any, ...]) -> int | None:
    """The slot of a command's first key; None for a command that is not about keys.

    >>> _slot(("EVALSHA", "c0ffee", 1, "a{x}", "b")) == _slot(("SET", "x", "b")) == _slot(("SPUBLISH", b"{x}", b""))
    True
    >>> _slot(("SCRIPT LOAD", "return 1")) is None
    True
    """
    name = str(args[0]).upper()
    if name.startswith("SCRIPT") or len(args) < 2:
        return None
    key = args[3] if name in ("EVAL", "EVALSHA") else args[1]
    return int(key_slot(key.encode() if isinstance(key, str) else key))
