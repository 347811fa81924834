"""What the URL of Redis means: one server, or a Redis Cluster, and the client for it.

`redis://host:6379/0` (`rediss://` with TLS) is one server; `redis+cluster://host:7000,host:7001` (`rediss+cluster://`)
a cluster, of which any one node that answers tells about the others. Owns no connection itself, and imports Redis only
when asked for a client. Called by `state.redis`, `presence.redis` and `pubsub.redis`, which give all keys of one
command the same hash tag.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from livets.errors import ConfigError

if TYPE_CHECKING:
    from redis.asyncio.retry import Retry

Client: TypeAlias = Any
"""`redis.asyncio.Redis` or `redis_cluster.RedisCluster`: the same commands, without a common class that says so."""

_CLUSTER = "+cluster://"
_SHAPE = "it looks like redis://host:6379/0, or redis+cluster://host:7000,host:7001 for a cluster"


def is_cluster(url: str) -> bool:
    """Whether the URL names a Redis Cluster.

    >>> is_cluster("redis://localhost:6379/0"), is_cluster("redis+cluster://10.0.0.1:7000,10.0.0.2:7000")
    (False, True)
    """
    return _CLUSTER in url.partition("?")[0]


def failures() -> tuple[type[BaseException], ...]:
    """What a command raises that Redis did not carry out, or may not have."""
    from redis.exceptions import RedisError

    # RuntimeError is what uvloop says of a connection that was lost while nobody used it
    return (RedisError, OSError, TimeoutError, RuntimeError)


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
        **_nameless(),
        **options,
    )
    return Redis.from_pool(pool)


def _nameless() -> dict[str, None]:
    """Connections that do not say what they are.

    A Redis before 7.2 does not understand that, and redis-py keeps its errors, and with them, from Python 3.13 on, the
    view that waited for the connection, until the collector comes.
    """
    if importlib.util.find_spec("redis.driver_info") is None:  # redis-py 5 and 6
        return {"lib_name": None, "lib_version": None}
    return {"driver_info": None}


def _cluster(url: str, timeout_s: float, max_connections: int) -> Client:
    from redis.asyncio.connection import parse_url
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    from livets.redis_cluster import RedisCluster

    once = Retry(NoBackoff(), 0)  # a node that goes away is not asked again before the cluster is asked for its nodes
    urls = _one_by_one(url)
    nodes = [parse_url(one) for one in urls]
    if nodes[0].get("db", 0):
        raise ValueError("a Redis Cluster has one database, number 0")

    def make(host: str, port: int) -> Client:
        return _single(_at(urls[0], host, port), timeout_s, max_connections, once)

    startup = [(node.get("host", "localhost"), int(node.get("port", 6379))) for node in nodes]
    return RedisCluster(startup, make, timeout_s=timeout_s)


def _at(url: str, host: str, port: int) -> str:
    """The same URL for another node.

    >>> _at("rediss://me:secret@a:7000?health_check_interval=9", "::1", 7001)
    'rediss://me:secret@[::1]:7001?health_check_interval=9'
    """
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    place = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{credentials}{at}{place}:{port}"))


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
