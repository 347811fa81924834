"""Workers come up, die, come back; a browser reaches them through the balancer."""

from __future__ import annotations

import socket
import urllib.request

import pytest
from playwright.async_api import Page

from tests.support.browser import PageLog
from tests.support.ports import HOST
from tests.support.round_robin import RoundRobin
from tests.support.wait import wait_for
from tests.support.workers import Workers

APP = "tests.support.pid_app:app"


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_a_killed_worker_comes_back_and_the_other_serves_meanwhile() -> None:
    with Workers(APP, 2, env={"GREETING": "hello"}) as workers, RoundRobin(workers.ports) as balancer:
        assert {fetch(balancer.url), fetch(balancer.url)} == {f"hello {workers.pid(0)}", f"hello {workers.pid(1)}"}
        gone = workers.kill(0)
        wait_for(lambda: workers.deaths, "the death to be noticed")
        assert fetch(balancer.url) in {f"hello {workers.pid(0)}", f"hello {workers.pid(1)}"}
        workers.wait_ready()
        assert workers.pid(0) != gone
        assert workers.deaths == [(workers.ports[0], -9)]
        assert "Uvicorn running" in workers.log(0)


async def test_a_page_is_clean(page: Page) -> None:
    with Workers(APP, 1, env={"GREETING": "hello"}) as workers:
        await page.goto(f"http://127.0.0.1:{workers.ports[0]}/")
        assert await page.inner_text("body") == f"hello {workers.pid(0)}"


async def test_complaints_and_csp_violations_are_collected(page: Page, page_log: PageLog) -> None:
    with Workers(APP, 1, env={"GREETING": "<script>1</script>", "CSP": "default-src 'self'"}) as workers:
        await page.goto(f"http://127.0.0.1:{workers.ports[0]}/")
        await page.evaluate("() => { setTimeout(() => { throw new Error('out of order') }) }")
        await page.evaluate("() => console.error('printed')")
        await page.wait_for_function("() => true")
    complaints = "\n".join(page_log.unexpected())
    assert "CSP violation: script-src-elem inline" in complaints
    assert "out of order" in complaints
    assert "printed" in complaints
    page_log.allow(".")


@pytest.mark.parametrize("name", ["redis_server", "browser"])
def test_a_missing_program_fails_with_instructions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.support import browser, redis_server

    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("LIVETS_CHROMIUM", raising=False)
    binary = {"redis_server": redis_server.binary, "browser": browser.binary}[name]
    with pytest.raises(pytest.fail.Exception, match="make test"):
        binary()


def test_nobody_else_is_given_the_port_of_a_worker_that_has_died() -> None:
    with Workers(APP, 1, restart=False) as workers:
        workers.kill(0)
        wait_for(lambda: workers.deaths, "the worker to die")
        with pytest.raises(OSError, match="in use"), socket.socket() as other:
            other.bind((HOST, workers.ports[0]))
        given = set()
        for _ in range(500):  # of some 28,000
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind((HOST, 0))
                given.add(other.getsockname()[1])
        assert workers.ports[0] not in given
        workers.revive(0)
        workers.wait_ready()
