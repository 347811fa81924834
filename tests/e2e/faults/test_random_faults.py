"""A model checker at real workers: people click, anything may die, freeze or be cut; every click counts once, in order.

Hypothesis chooses what happens (a failure prints the steps that lead to it); an external counter knows which events
were handled. Run it with `-m nightly`: a short and a long one.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.support.clicker import Clicker
from tests.support.fault_proxy import FaultProxy
from tests.support.loop_thread import LoopThread
from tests.support.ports import HOST
from tests.support.redis_server import RedisServer
from tests.support.round_robin import RoundRobin
from tests.support.wait import wait_for
from tests.support.workers import Workers

WORKERS, PEOPLE = 3, 4
SETTLED_S = 45.0

pytestmark = [pytest.mark.redis, pytest.mark.timeout(1800)]


@dataclass
class World:
    """Everything that a step may pull at."""

    redis: RedisServer
    to_redis: FaultProxy
    to_workers: FaultProxy
    workers: Workers
    thread: LoopThread

    def command(self, *words: str) -> bytes:
        """The number or text that Redis answers."""
        return self.redis.command(*words).split(b"\r\n")[0].lstrip(b":$")


@pytest.fixture
def world(redis_server: RedisServer) -> Iterator[World]:
    thread = LoopThread("people")
    thread.start()
    with FaultProxy(redis_server.port) as to_redis:
        env = {
            "LIVETS_SECRET_KEY": secrets.token_hex(32),
            "LIVETS_REDIS_URL": f"redis://{HOST}:{to_redis.port}/0",
        }
        with (
            Workers("tests.e2e.faults.load:app", WORKERS, env=env) as workers,
            RoundRobin(workers.ports) as balancer,
            FaultProxy(balancer.port) as to_workers,
        ):
            yield World(redis_server, to_redis, to_workers, workers, thread)
    thread.stop()


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
                world.workers.kill(which, number)

        @initialize()
        def open(self) -> None:
            world.redis.command("FLUSHALL")
            world.workers.wait_ready()
            self.people = [Clicker(f"http://{HOST}:{world.to_workers.port}") for _ in range(PEOPLE)]

            async def open_all() -> None:
                await asyncio.gather(*(person.open() for person in self.people))
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
            direction.blackhole = True
            time.sleep(0.05)
            world.to_workers.reset()
            direction.blackhole = False

        @rule(latency_s=st.sampled_from([0.0, 0.02, 0.1]), bytes_per_s=st.sampled_from([0.0, 5_000.0]))
        def slow_down(self, latency_s: float, bytes_per_s: float) -> None:
            world.to_workers.down.latency_s, world.to_workers.down.bytes_per_s = latency_s, bytes_per_s

        @rule(wait_s=st.sampled_from([0.02, 0.2]))
        def let_time_pass(self, wait_s: float) -> None:
            time.sleep(wait_s)

        def teardown(self) -> None:
            if self.redis_is_frozen:
                world.redis.resume()
            if self.frozen is not None:
                self.send(self.frozen, signal.SIGCONT)
            world.to_workers.down.latency_s = world.to_workers.down.bytes_per_s = 0.0
            if not self.people:
                return
            try:
                wait_for(lambda: all(person.is_settled for person in self.people), "all clicks", timeout_s=SETTLED_S)
            except AssertionError as error:
                error.add_note(self._told())
                raise
            finally:
                told = [str(person) for person in self.people]
                self.at(asyncio.wait_for(self._leave(), 10))
            wrong = [person for person in self.people if person.lies or person.shown not in (person.clicks, None)]
            assert not wrong, f"{told}\n{world.workers.logs()}"
            clicks = sum(person.clicks for person in self.people)
            assert int(world.command("SCARD", "load:events")) == clicks, "events that were handled, each with one id"

        def _told(self) -> str:
            """What is known of those who wait: their last minute, their snapshots, the logs of the workers."""
            lines = []
            for person in [person for person in self.people if not person.is_settled]:
                snapshot = [world.command("HGET", f"livets:view:{{{person.id}}}", name) for name in "grt"]
                lines += [str(person), f"snapshot (generation, ref, claim): {snapshot}", *person.story]
            return "\n".join([*lines, world.workers.logs()])

        async def _leave(self) -> None:
            await asyncio.gather(*(person.close() for person in self.people))

    return Faults


def check(world: World, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine_of(world),
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, print_blob=True, database=None,
            suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        ),
    )  # fmt: skip


@pytest.mark.nightly  # about one run in six has not settled after SETTLED_S, and it is not known yet why
def test_nothing_is_lost_doubled_or_taken_back(world: World) -> None:
    check(world, examples=4, steps=20)


@pytest.mark.nightly
def test_nothing_is_lost_doubled_or_taken_back_for_long(world: World) -> None:
    check(world, examples=100, steps=50)
