"""What the URL of Redis means: one server, or a Redis Cluster, and the client for it.

`redis://host:6379/0` (`rediss://` with TLS) is one server; `redis+cluster://host:7000,host:7001` (`rediss+cluster://`)
a cluster, of which any one node that answers tells about the others. Owns no connection itself, and imports Redis only
when asked for a client. Called by `state.redis`, `presence.redis` and `pubsub.redis`, which give all keys of one
command the same hash tag.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from livets.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio.retry import Retry

Client: TypeAlias = Any
"""`redis.asyncio.Redis` or `redis.asyncio.RedisCluster`: the same commands, without a common class that says so."""

_CLUSTER = "+cluster://"
_SHAPE = "it looks like redis://host:6379/0, or redis+cluster://host:7000,host:7001 for a cluster"
_CLUSTER_RETRIES = 2
_CLUSTER_LONGEST_PAUSE_S = 0.5


def is_cluster(url: str) -> bool:
    """Whether the URL names a Redis Cluster.

    >>> is_cluster("redis://localhost:6379/0"), is_cluster("redis+cluster://10.0.0.1:7000,10.0.0.2:7000")
    (False, True)
    """
    return _CLUSTER in url.partition("?")[0]


def failures() -> tuple[type[BaseException], ...]:
    """What a command raises that Redis did not carry out, or may not have."""
    from redis.exceptions import RedisClusterException, RedisError

    # RuntimeError is what uvloop says of a connection that was lost while nobody used it
    return (RedisError, RedisClusterException, OSError, TimeoutError, RuntimeError)


def losses() -> tuple[type[BaseException], ...]:
    """What a command raises whose connection turned out to be lost: over another one it may well succeed."""
    from redis.exceptions import ConnectionError as RedisConnectionError

    return (RedisConnectionError, ConnectionError)


def connect(url: str, *, timeout_s: float, max_connections: int, retry: Retry | None = None) -> Client:
    """A client for what `url` names; nothing is connected yet. Raises ConfigError for a URL that can't be used.

    `timeout_s` bounds each command. Commands beyond `max_connections` wait as long for their turn. `retry` is for one
    server; a cluster's client has to try again in any case, at the node that a slot has moved to.
    """
    try:
        if is_cluster(url):
            return _cluster(url, timeout_s, max_connections)
        return _single(url, timeout_s, max_connections, retry)
    except ValueError as error:
        raise ConfigError(f"the Redis URL can't be used: {error}; {_SHAPE}") from None


def _single(url: str, timeout_s: float, max_connections: int, retry: Retry | None) -> Client:
    from redis.asyncio import BlockingConnectionPool, Redis

    options: dict[str, Any] = {} if retry is None else {"retry": retry}
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=max_connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 2.0),
        protocol=2,
        **options,
    )
    return Redis.from_pool(pool)


def _cluster(url: str, timeout_s: float, max_connections: int) -> Client:
    from redis.asyncio import RedisCluster
    from redis.asyncio.cluster import ClusterNode
    from redis.asyncio.connection import SSLConnection, parse_url
    from redis.asyncio.retry import Retry
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError

    nodes = [parse_url(one) for one in _one_by_one(url)]
    options: dict[str, Any] = dict(nodes[0])
    if options.pop("db", 0):
        raise ValueError("a Redis Cluster has one database, number 0")
    options.pop("host", None)
    options.pop("port", None)
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True

    class Bounded(RedisCluster):
        """Its own pools raise when they are used up; here commands wait for their turn, as they do at one server."""

        turns = asyncio.Semaphore(max_connections)

        async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
            try:
                async with asyncio.timeout(timeout_s):
                    await self.turns.acquire()
            except TimeoutError:
                raise RedisConnectionError(f"{max_connections} commands are under way already") from None
            try:
                return await super().execute_command(*args, **kwargs)
            finally:
                self.turns.release()

    return Bounded(
        startup_nodes=[ClusterNode(node.get("host", "localhost"), int(node.get("port", 6379))) for node in nodes],
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=_CLUSTER_LONGEST_PAUSE_S), _CLUSTER_RETRIES),
        max_connections=2 * max_connections + 4,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 2.0),
        protocol=2,
        **options,
    )


def _one_by_one(url: str) -> list[str]:
    """One ordinary URL for each node: they share scheme, user, password and options.

    >>> _one_by_one("rediss+cluster://me:secret@a:7000,b:7001?health_check_interval=9")
    ['rediss://me:secret@a:7000?health_check_interval=9', 'rediss://me:secret@b:7001?health_check_interval=9']
    """
    scheme, _, rest = url.partition(_CLUSTER)
    place, question, options = rest.partition("?")
    credentials, at, hosts = place.rpartition("@")
    names, slash, database = hosts.partition("/")
    if not all(names.split(",")):
        raise ValueError("a node has no name")
    return [f"{scheme}://{credentials}{at}{name}{slash}{database}{question}{options}" for name in names.split(",")]
