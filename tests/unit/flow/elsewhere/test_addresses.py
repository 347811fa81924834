"""Locations and labels as people write them, and whether a worker fits."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from livets.cli import main
from livets.engine.errors import EngineError, MissingExtra
from livets.flow.elsewhere.address import location_of, read_address
from livets.flow.elsewhere.nodes import registry_of
from livets.flow.elsewhere.placing import asked, fits, had, offered, read_label
from livets.flow.elsewhere.serving import check_scheduler
from livets.flow.model import Placement


def test_addresses() -> None:
    assert read_address("dask://host:8786") == ("tcp://host:8786", {})
    assert read_address("dask+tls://[::1]:1?ca=a&cert=b&key=c") == (
        "tls://[::1]:1",
        {"tls": {"tls_ca_file": "a", "tls_client_cert": "b", "tls_client_key": "c"}},
    )


@pytest.mark.parametrize(
    "text", ["host:8786", "dask://host", "dask://host:x", "http://h:1", "dask://h:1/x", "dask://h:1?ca=x",
             "dask://h:1?patience=-1", "dask://h:1?patience=nan", "dask://h:1?nodes=some"]
)  # fmt: skip
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(EngineError, match=r"dask://host:8786|known behind a location|number of seconds"):
        read_address(text)
    told = CliRunner().invoke(main, ["flow", "run", "-", "--memory", "--location", text], input='{"id": "x"}')
    assert told.exit_code == 2


@pytest.mark.parametrize("text", ["host:8786", "tcp://host", "http://host:1", "tcp://host:x"])
def test_what_is_no_scheduler_is_told(text: str) -> None:
    with pytest.raises(EngineError, match=r"write  tcp://host:8786"):
        check_scheduler(text)
    assert CliRunner().invoke(main, ["flow", "worker", text]).exit_code == 2


def test_names_and_labels() -> None:
    worker = had("a", {"gpu": 2, "zone": "eu"})
    for placement in (None, Placement("a"), Placement(labels={"gpu": 2}), Placement("a", {"zone": "eu", "gpu": 0.5})):
        assert fits(worker, asked(placement))
    for placement in (Placement("b"), Placement(labels={"gpu": 3}), Placement("a", {"zone": "us"})):
        assert not fits(worker, asked(placement))
    assert not fits({"gpu": 2}, asked(None))  # a Dask worker of somebody else's
    assert offered(worker) == "a (gpu=2, zone=eu)"


@pytest.mark.parametrize("text", ["", "=1", "a b=1", "gpu=", "gpu=0", "gpu=-1", "gpu=nan", "livets=1"])
def test_what_is_no_label_is_told(text: str) -> None:
    with pytest.raises(EngineError):
        read_label(text)


def test_workers_are_told_their_nodes() -> None:
    assert registry_of(["tests.integration.flow.far_nodes"]).node_type("test.living").version == 1
    assert registry_of(["tests.integration.flow.far_nodes:step"]).node_type("step").function is not None
    for name, said in {
        "no.such": "could not be loaded",
        "json:nothing": "could not be loaded",
        "json": "has no nodes",
    }.items():
        with pytest.raises(EngineError, match=said):
            registry_of([name])


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("distributed", "distributed.client", "distributed.comm.core"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("location", "connection", "plugin"):
        monkeypatch.delitem(sys.modules, f"livets.flow.elsewhere.{name}", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'livets\[dask\]'"):
        location_of("dask://host:1")
    for command in (["run", "-", "--location", "dask://host:1"], ["worker", "tcp://host:1"]):
        told = CliRunner().invoke(main, ["flow", *command], input='{"id": "x"}')
        assert told.exit_code == 1
        assert "pip install 'livets[dask]'" in told.stderr
