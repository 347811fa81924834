"""Milliseconds a node of Prefect for the same chain and fan-out; run by a Python that has Prefect, without livets.

    benchmarks/.peers/bin/python benchmarks/flow/prefect_alone.py SHAPE SIZE ROUNDS

Prefect as it comes: tasks called one after the other, and `.map`, against its server that it starts for itself, with a
home of its own; its logs are kept from its API, which is kind to it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time


def main(shape: str, size: int, rounds: int) -> None:
    """Print {"ms_wall": ...}, the best of the rounds."""
    from prefect import flow, task  # type: ignore[import-not-found]  # only in benchmarks/.peers

    @task  # type: ignore[untyped-decorator]
    def step(n: int = 0) -> int:
        return n + 1

    @flow  # type: ignore[untyped-decorator]
    def chain(size: int) -> int:
        value = 0
        for _ in range(size):
            value = step(value)
        return value

    @flow  # type: ignore[untyped-decorator]
    def fan(size: int) -> int:
        first = step(0)
        return 1 + len([future.result() for future in step.map([first] * (size - 1))])

    run = chain if shape == "chain" else fan
    run(1 if shape == "chain" else 2)  # starts its server
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        assert run(size) == size
        taken.append(time.perf_counter() - began)
    print(json.dumps({"ms_wall": min(taken) * 1000 / size}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="prefect") as home:
        os.environ.update(
            PREFECT_HOME=home,
            PREFECT_LOGGING_LEVEL="ERROR",
            PREFECT_LOGGING_TO_API_ENABLED="false",
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS="180",
            DO_NOT_TRACK="1",
        )
        main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
