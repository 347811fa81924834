"""A model checker at real workers: people click, anything may die, freeze or be cut; every click counts once, in order.

Hypothesis chooses what happens (a failure prints the steps that lead to it); an external counter knows which events
were handled. The short run is in `make test`; `-m nightly` is the long one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.support.clicker import Clicker
from tests.support.fault_proxy import FaultProxy
from tests.support.loop_thread import LoopThread
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import TimedOut, until, wait_for
from tests.support.workers import Workers

WORKERS, PEOPLE = 3, 4
SETTLED_S = 45.0
LOADED_S = 20.0

pytestmark = [pytest.mark.redis, pytest.mark.timeout(1800)]


@dataclass
class World:
    """Everything that a step may pull at."""

    redis: RedisServer
    to_redis: FaultProxy
    to_workers: FaultProxy
    workers: Workers
    thread: LoopThread
    ending: set[int] = field(default_factory=set)
    """Workers (process ids) that were told to end."""

    def command(self, *words: str) -> bytes:
        """The number or text that Redis answers."""
        kind, text, *_ = self.redis.command(*words).split(b"\r\n")
        return text if kind.startswith(b"$") else kind[1:]


@pytest.fixture
def world(redis_server: RedisServer) -> Iterator[World]:
    thread = LoopThread("people")
    thread.start()
    with FaultProxy(redis_server.port) as to_redis:
        env = {
            "LIVETS_SECRET_KEY": secrets.token_hex(32),
            "LIVETS_REDIS_URL": f"redis://{HOST}:{to_redis.port}/0",
            "LIVETS_FAULT_IDLE_S": "0.01",  # views sleep whenever nobody clicks for a moment
        }
        with (
            Workers("tests.e2e.faults.load:app", WORKERS, env=env) as workers,
            RoundRobin(workers.ports) as balancer,
            FaultProxy(balancer.port) as to_workers,
        ):
            yield World(redis_server, to_redis, to_workers, workers, thread)
    thread.stop()


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def opened(person: Clicker) -> None:
    """Get the page; somebody who is answered 503 (the run before has just cut Redis off) loads it again."""

    async def is_there() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            await person.open()
            return True
        return False

    await until(is_there, "a page", timeout_s=LOADED_S)


def machine_of(world: World) -> type[RuleBasedStateMachine]:
    """The steps, at this world."""

    class Faults(RuleBasedStateMachine):
        people: list[Clicker]

        def __init__(self) -> None:
            super().__init__()
            self.people = []
            self.frozen: int | None = None
            self.redis_is_frozen = False

        def at(self, work: Any) -> Any:
            return world.thread.call(work)

        @staticmethod
        def send(which: int, number: signal.Signals) -> None:
            with contextlib.suppress(ProcessLookupError):  # it died just now
                pid = world.workers.kill(which, number)
                if number in (signal.SIGKILL, signal.SIGTERM):
                    world.ending.add(pid)

        @initialize()
        def open(self) -> None:
            # A page that is fetched from a worker which dies at that moment is no page yet: nothing of livets is lost.
            wait_for(lambda: not any(map(is_alive, world.ending)), "workers to end", timeout_s=20)
            world.ending.clear()
            world.redis.command("FLUSHALL")
            world.workers.wait_ready()
            self.people = [Clicker(f"http://{HOST}:{world.to_workers.port}") for _ in range(PEOPLE)]

            async def open_all() -> None:
                await asyncio.gather(*map(opened, self.people))
                await asyncio.gather(*(person.joined() for person in self.people))

            try:
                self.at(open_all())
            except Exception as error:
                error.add_note(world.workers.logs())
                raise

        @rule(who=st.integers(0, PEOPLE - 1), times=st.integers(1, 5))
        def click(self, who: int, times: int) -> None:
            async def click() -> None:
                for _ in range(times):
                    self.people[who].click()

            self.at(click())

        @rule(which=st.integers(0, WORKERS - 1), how=st.sampled_from([signal.SIGKILL, signal.SIGTERM]))
        def end_a_worker(self, which: int, how: signal.Signals) -> None:
            if which != self.frozen:
                self.send(which, how)

        @precondition(lambda self: self.frozen is None)
        @rule(which=st.integers(0, WORKERS - 1))
        def freeze_a_worker(self, which: int) -> None:
            self.frozen = which
            self.send(which, signal.SIGSTOP)

        @precondition(lambda self: self.frozen is not None)
        @rule()
        def thaw_it(self) -> None:
            assert self.frozen is not None
            which, self.frozen = self.frozen, None
            self.send(which, signal.SIGCONT)

        @rule(who=st.integers(0, PEOPLE - 1))
        def lose_a_connection(self, who: int) -> None:
            async def cut() -> None:
                self.people[who].cut()

            self.at(cut())

        @rule()
        def reset_redis_connections(self) -> None:
            world.to_redis.reset()

        @precondition(lambda self: not self.redis_is_frozen)
        @rule()
        def freeze_redis(self) -> None:
            self.redis_is_frozen = True
            world.redis.pause()

        @precondition(lambda self: self.redis_is_frozen)
        @rule()
        def thaw_redis(self) -> None:
            self.redis_is_frozen = False
            world.redis.resume()

        @rule(up=st.booleans())
        def swallow_for_a_moment(self, up: bool) -> None:
            """Half-open: what is on its way one way vanishes, then the connections are cut."""
            direction = world.to_workers.up if up else world.to_workers.down
            swallowed = direction.swallowed_bytes
            direction.blackhole = True
            with contextlib.suppress(TimedOut):  # nobody says anything: a connection that is lost in silence
                wait_for(lambda: direction.swallowed_bytes > swallowed, timeout_s=0.05)
            world.to_workers.reset()
            direction.blackhole = False

        @rule(latency_s=st.sampled_from([0.0, 0.02, 0.1]), bytes_per_s=st.sampled_from([0.0, 5_000.0]))
        def slow_down(self, latency_s: float, bytes_per_s: float) -> None:
            world.to_workers.down.latency_s, world.to_workers.down.bytes_per_s = latency_s, bytes_per_s

        @rule(who=st.integers(0, PEOPLE - 1), most_s=st.sampled_from([0.02, 0.2]))
        def wait_for_somebody(self, who: int, most_s: float) -> None:
            """Until a person hears something, if that is soon: what comes next meets frames that are on their way."""
            heard = self.people[who].frames
            with contextlib.suppress(TimedOut):
                wait_for(lambda: self.people[who].frames > heard, timeout_s=most_s)

        def teardown(self) -> None:
            if self.redis_is_frozen:
                world.redis.resume()
            if self.frozen is not None:
                self.send(self.frozen, signal.SIGCONT)
            world.to_workers.down.latency_s = world.to_workers.down.bytes_per_s = 0.0
            if not self.people:
                return
            with contextlib.suppress(TimedOut):
                wait_for(lambda: all(person.is_settled or person.lies for person in self.people), timeout_s=SETTLED_S)
            wrong = [person for person in self.people if not person.is_right]
            told = self._told(wrong) if wrong else ""
            self.at(asyncio.wait_for(self._leave(), 10))
            assert not wrong, f"not every click is durable and shown once:\n{told}"
            for person in self.people:
                events = [f"{person.id}:{ref}" for ref in range(1, person.clicks + 2)]
                handled = world.redis.command("SMISMEMBER", "load:events", *events).count(b":1\r\n")
                assert handled == person.clicks, f"{person}: {handled} of its events were handled, by their ids"

        def _told(self, people: list[Clicker]) -> str:
            """What happened to these last, their snapshots, the logs of the workers."""
            lines = []
            for person in people:
                generation, ref = (world.command("HGET", f"livets:view:{{{person.id}}}", name) for name in "gr")
                lines += [f"{person}, its snapshot: generation {generation!r}, ref {ref!r}", *person.story]
            return "\n".join([*lines, world.workers.logs()])

        async def _leave(self) -> None:
            await asyncio.gather(*(person.close() for person in self.people))

    return Faults


def check(world: World, examples: int, steps: int) -> None:
    # No shrinking: what depends on timing shrinks to nothing, for minutes, and a failure would look like a hang.
    run_state_machine_as_test(
        machine_of(world),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True, database=None,
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False, phases=[Phase.generate],
        ),
    )  # fmt: skip


def test_nothing_is_lost_doubled_or_taken_back(world: World) -> None:
    check(world, examples=4, steps=20)


@pytest.mark.nightly
def test_nothing_is_lost_doubled_or_taken_back_for_long(world: World) -> None:
    check(world, examples=100, steps=50)
