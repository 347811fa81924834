"""Drives one application in Chromium and takes its figures: time to the final DOM, bytes, CPU of server and browser."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, WebSocket

from benchmarks.compare.operations import Operation
from benchmarks.compare.servers import Server

# From the click to the first moment in which the DOM shows the final state, seen by a MutationObserver.
_MEASURE = """([selector, note, done]) => new Promise((resolve, reject) => {
  const before = eval(note);
  const isDone = new Function("before", "return " + done);
  const touched = new Set();
  const observer = new MutationObserver((records) => {
    const end = performance.now();
    for (const { type, target, addedNodes, removedNodes } of records) {
      if (type !== "childList") touched.add(target);
      for (const node of [...addedNodes, ...removedNodes]) touched.add(node);
    }
    if (!isDone(before)) return;
    observer.disconnect();
    resolve([end - start, touched.size]);
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  setTimeout(() => reject(new Error("not done in 120 s")), 120000);
  const target = document.querySelector(selector);
  const start = performance.now();
  target.click();
})"""

# Sums up the time that a page's own script takes for messages of its socket: parsing them and changing the DOM.
_CLOCK = """
window.handledMs = 0;
const timed = (handle) => function (event) {
  const start = performance.now();
  try { return handle.call(this, event); } finally { window.handledMs += performance.now() - start; }
};
const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", { ...own, set(handle) { own.set.call(this, timed(handle)); } });
const listen = WebSocket.prototype.addEventListener;
WebSocket.prototype.addEventListener = function (type, handle, ...rest) {
  listen.call(this, type, type === "message" ? timed(handle) : handle, ...rest);
};
"""

_PATIENCE_S = 20.0
_FEWEST = 5
"""Repeats of one operation, two of which are not measured."""

# The hand-written page doesn't say when its socket is open; it gets the pause that all get.
_CONNECTED = """
!!document.querySelector(".livets-connected, .ready") || !document.querySelector("[data-livets], [src*=morph]")
"""


@dataclass(frozen=True)
class Figures:
    """Of one operation: medians over the repeats; server CPU is the mean, because one reading is too coarse."""

    latency_ms: float
    latency_p95_ms: float
    bytes_down: float
    bytes_up: float
    server_cpu_ms: float
    browser_ms: float
    apply_ms: float
    """The page's handler of socket messages, mean."""
    nodes: float
    """Changed, added or removed in the page."""
    readings: int


class Bench:
    """One page of one application."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self._server = server
        self._down: list[int] = []
        self._up: list[int] = []
        self._context = browser.new_context(bypass_csp=True)  # the measuring script is text that is evaluated
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(300_000)
        self.page.on("websocket", self._listen)
        self.page.add_init_script(_CLOCK)
        self.page.goto(server.url)
        self.page.wait_for_function(_CONNECTED)
        self.page.wait_for_timeout(300)
        self._cdp: CDPSession = self._context.new_cdp_session(self.page)
        self._cdp.send("Performance.enable")

    def close(self) -> None:
        """Give the page back."""
        self._context.close()

    def fill(self, rows: int) -> None:
        """So many rows; those that are there are kept when their number is right."""
        if self.page.evaluate("document.getElementById('rows').children.length") == rows:
            return
        self.page.click("#clear")
        self.page.wait_for_function("document.getElementById('rows').children.length === 0")
        self.page.click("#runlots" if rows == 10_000 else "#run")
        wanted = max(rows, 1_000)
        self.page.wait_for_function(f"document.getElementById('rows').children.length === {wanted}")
        if rows < wanted:
            self.page.evaluate(
                """async (wanted) => {
                  const rows = document.getElementById("rows");
                  while (rows.children.length > wanted) {
                    const count = rows.children.length;
                    rows.lastElementChild.querySelector("a.remove").click();
                    await new Promise((resolve) => {
                      const observer = new MutationObserver(() => {
                        if (rows.children.length < count) observer.disconnect(), resolve();
                      });
                      observer.observe(rows, { childList: true });
                    });
                  }
                }""",
                rows,
            )

    def measure(self, operation: Operation, rows: int, repeats: int) -> Figures:
        """Do it so many times (and twice before, unmeasured); what takes very long only as often as there is time."""
        self.fill(rows)
        taken: list[dict[str, float]] = []
        started_s = time.monotonic()
        while len(taken) < repeats + 2 and (len(taken) < _FEWEST or time.monotonic() - started_s < _PATIENCE_S):
            taken.append(self._once(operation, rows))
        taken = taken[2:]
        latencies = sorted(one["latency"] for one in taken)
        return Figures(
            latency_ms=statistics.median(latencies),
            latency_p95_ms=latencies[int(0.95 * (len(latencies) - 1))],
            bytes_down=statistics.median(one["down"] for one in taken),
            bytes_up=statistics.median(one["up"] for one in taken),
            server_cpu_ms=statistics.fmean(one["cpu"] for one in taken) * 1000,
            browser_ms=statistics.median(one["browser"] for one in taken),
            apply_ms=statistics.fmean(one["apply"] for one in taken),
            nodes=statistics.median(one["nodes"] for one in taken),
            readings=len(taken),
        )

    def _once(self, operation: Operation, rows: int) -> dict[str, float]:
        if operation.refill:
            self.fill(rows)
        self.page.wait_for_timeout(30)  # acknowledgements of the last one belong to the last one
        self._down.clear()
        self._up.clear()
        self.page.evaluate("window.handledMs = 0")
        cpu, browser = self._server.cpu_s(), self._script_ms()
        latency, nodes = self.page.evaluate(_MEASURE, [operation.click, operation.note, operation.done])
        self.page.wait_for_timeout(30)
        return {
            "latency": latency,
            "nodes": nodes,
            "apply": self.page.evaluate("window.handledMs"),
            "cpu": self._server.cpu_s() - cpu,
            "browser": self._script_ms() - browser,
            "down": sum(self._down),
            "up": sum(self._up),
        }

    def _script_ms(self) -> float:
        metrics: list[dict[str, Any]] = self._cdp.send("Performance.getMetrics")["metrics"]
        return 1000 * sum(float(one["value"]) for one in metrics if one["name"] == "ScriptDuration")

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self._down.append(_size(payload)))
        socket.on("framesent", lambda payload: self._up.append(_size(payload)))


def _size(payload: str | bytes) -> int:
    return len(payload.encode() if isinstance(payload, str) else payload)
