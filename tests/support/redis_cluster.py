"""A real Redis Cluster for one test: three primaries and a replica of the first, on free ports, nothing kept.

It is put together with plain CLUSTER commands, so no tool of Redis is needed; Redis 7 or later.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

import pytest
from redis.crc import key_slot

from tests.support.ports import HOST, free_port
from tests.support.redis_server import RedisServer
from tests.support.wait import TimedOut, wait_for

PRIMARIES = 3
SLOTS = 16384
_NODE_TIMEOUT_MS = 600
_MEETING_S = 10.0


class RedisCluster:
    """Its nodes are `RedisServer`s: the first three begin as primaries, the last as the replica of the first."""

    def __init__(self, *, options: Sequence[str] = ()) -> None:
        self.nodes = [
            RedisServer(
                options=[
                    "--cluster-enabled", "yes", "--cluster-port", str(free_port()),
                    "--cluster-node-timeout", str(_NODE_TIMEOUT_MS), "--cluster-allow-replica-migration", "no",
                    "--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0", *options,
                ]
            )
            for _ in range(PRIMARIES + 1)
        ]  # fmt: skip

    @property
    def url(self) -> str:
        """`redis+cluster://…` with all nodes."""
        return "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start the nodes, make them one cluster, and wait until it serves every slot."""
        for node in self.nodes:
            node.start()
        for index, node in enumerate(self.nodes[:PRIMARIES]):
            first, end = SLOTS * index // PRIMARIES, SLOTS * (index + 1) // PRIMARIES
            self._ok(node, "CLUSTER", "ADDSLOTSRANGE", str(first), str(end - 1))
            self._ok(node, "CLUSTER", "SET-CONFIG-EPOCH", str(index + 1))
        wait_for(self._have_met, "the nodes to meet", timeout_s=40)
        wait_for(lambda: self._joins(self.nodes[-1], self.nodes[0]), "the replica to follow", timeout_s=20)
        self.wait_ready()

    def wait_ready(self) -> None:
        """Until every living node says that all slots are served."""
        for node in self.nodes:
            if node.is_running:
                wait_for(lambda node=node: "cluster_state:ok" in _info(node), "the cluster to serve", timeout_s=20)  # type: ignore[misc]

    def close(self) -> None:
        """Kill all nodes."""
        for node in self.nodes:
            node.close()

    def owner(self, key: str) -> RedisServer:
        """The node that serves the key's slot, as the last primary sees it."""
        return self._owner(key_slot(key.encode()), self.nodes[PRIMARIES - 1])

    def _owner(self, slot: int, seen_by: RedisServer) -> RedisServer:
        for line in _text(seen_by.command("CLUSTER", "NODES")).splitlines():
            words = line.split()
            ranges = [re.fullmatch(r"(\d+)(?:-(\d+))?", word) for word in words[8:]]
            if any(found and int(found[1]) <= slot <= int(found[2] or found[1]) for found in ranges):
                port = int(words[1].partition("@")[0].rpartition(":")[2])
                return next(node for node in self.nodes if node.port == port)
        raise AssertionError(f"no node serves slot {slot}")

    def move(self, key: str, target: RedisServer) -> None:
        """Give the key's slot, and all in it, to another primary: what `redis-cli --cluster reshard` does."""
        slot, source = str(key_slot(key.encode())), self.owner(key)
        source_id, target_id = (_text(node.command("CLUSTER", "MYID")).strip() for node in (source, target))
        self._ok(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        self._ok(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        while names := re.findall(rb"\$\d+\r\n(.*?)\r\n", source.command("CLUSTER", "GETKEYSINSLOT", slot, "100")):
            self._ok(source, "MIGRATE", HOST, str(target.port), "", "0", "5000", "KEYS", *names)
        primaries = [node for node in self.nodes[:PRIMARIES] if node.is_running]

        def agree() -> bool:
            """All know the new owner, and its epoch as the greatest: else an older claim on its way would win later."""
            if all(self._owner(int(slot), node) is target and self._leads(target_id, node) for node in primaries):
                return True
            for node in (target, source, *primaries):
                node.command("CLUSTER", "SETSLOT", slot, "NODE", target_id)
            target.command("CLUSTER", "BUMPEPOCH")
            return False

        wait_for(agree, f"all nodes to agree on slot {slot}", timeout_s=10)

    @staticmethod
    def _leads(node_id: str, seen_by: RedisServer) -> bool:
        """Whether no other primary has an epoch as great."""
        lines = [line.split() for line in _text(seen_by.command("CLUSTER", "NODES")).splitlines()]
        epochs = {words[0]: int(words[6]) for words in lines if len(words) > 7 and "master" in words[2]}
        return all(epochs[node_id] > epoch for other, epoch in epochs.items() if other != node_id)

    def _have_met(self) -> bool:
        """Whether all know all; where a handshake was too slow for a busy machine, they are told again."""
        for node in self.nodes[1:]:
            bus = str(_number(node.command("CONFIG", "GET", "cluster-port")))
            self._ok(self.nodes[0], "CLUSTER", "MEET", HOST, str(node.port), bus)
        with contextlib.suppress(TimedOut):
            return wait_for(self._know_all, timeout_s=_MEETING_S)
        return False

    def _know_all(self) -> bool:
        return all(f"cluster_known_nodes:{len(self.nodes)}" in _info(node) for node in self.nodes)

    def _joins(self, replica: RedisServer, primary: RedisServer) -> bool:
        """The replica may not know of the primary yet, and says so."""
        answer = replica.command("CLUSTER", "REPLICATE", _text(primary.command("CLUSTER", "MYID")).strip())
        return answer == b"+OK\r\n" and wait_for(
            lambda: b"master_link_status:up" in replica.command("INFO", "replication"), "the link", timeout_s=20
        )

    @staticmethod
    def _ok(node: RedisServer, *words: str | bytes) -> None:
        answer = node.command(*words)
        assert answer == b"+OK\r\n", f"{words}: {answer!r}"


def _text(answer: bytes) -> str:
    """A bulk string, of which the length comes first."""
    return answer.partition(b"\r\n")[2].decode()


def _number(answer: bytes) -> int:
    """The value of a CONFIG GET."""
    return int(answer.split(b"\r\n")[-2])


def _info(node: RedisServer) -> str:
    return node.command("CLUSTER", "INFO").decode()


@pytest.fixture
def redis_cluster() -> Iterator[RedisCluster]:
    """A running cluster of this test's own."""
    cluster = RedisCluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
