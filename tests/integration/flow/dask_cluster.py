"""A Dask scheduler and two workers of `livets flow worker`, as real processes on a free port."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.ports import HOST, answers, free_port

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0


class Certificates:
    """A key and a certificate that signs itself, in files: what all parts of a cluster with TLS share."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "livets test")])
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self._key, self._certificate = folder / "key.pem", folder / "certificate.pem"
        plain = serialization.NoEncryption()
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self._key.write_bytes(key.private_bytes(pem, form, plain))
        self._certificate.write_bytes(made.public_bytes(pem))
        certificate = str(self._certificate)
        self.options = ("--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", str(self._key))
        self.query = f"ca={certificate}&cert={certificate}&key={self._key}"


class Cluster:
    """`with Cluster(folder) as cluster:` has a scheduler; its workers know far_nodes."""

    def __init__(self, folder: Path, tls: Certificates | None = None) -> None:
        self._folder = folder
        self.port = free_port()
        self._tls = () if tls is None else tls.options
        self._address = f"{'tls' if tls else 'tcp'}://{HOST}:{self.port}"
        self.url = f"dask://{HOST}:{self.port}" if tls is None else f"dask+tls://{HOST}:{self.port}?{tls.query}"
        self.spans = folder / "spans"
        self._scheduler: subprocess.Popen[bytes] | None = None
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Cluster:
        self.start_scheduler()
        return self

    def start_workers(self) -> None:
        """Start worker `a` with the label zone=eu, and `b` with gpu=1."""
        self.start_worker("a", "--label", "zone=eu")
        self.start_worker("b", "--label", "gpu=1")

    def __exit__(self, *_: object) -> None:
        for children in (list(self._workers.values()), [self._scheduler] if self._scheduler is not None else []):
            for child in children:
                child.send_signal(signal.SIGTERM)
            for child in children:
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()

    def _begin(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "LIVETS_TEST_SPANS": str(self.spans)}
        env["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"  # three by default: a poisonous node would take long
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", *command], stdout=log, stderr=log, env=env, cwd=self._folder)

    def start_scheduler(self) -> None:
        self._scheduler = self._begin(
            "scheduler", "distributed.cli.dask_scheduler", "--host", HOST, "--port", str(self.port), "--no-dashboard",
            *(("--protocol", "tls", *self._tls) if self._tls else ()),
        )  # fmt: skip
        limit = time.monotonic() + PATIENCE_S
        while not answers(self.port):
            assert self._scheduler.poll() is None, self.said("scheduler")
            assert time.monotonic() < limit, self.said("scheduler")
            time.sleep(0.05)

    def start_worker(self, name: str, *more: str) -> None:
        self._workers[name] = self._begin(
            f"worker-{name}", "livets", "flow", "worker", self._address, "--name", name, "--slots", "4", "--grace", "1",
            "--nodes", "tests.integration.flow.far_nodes", *self._tls, *more,
        )  # fmt: skip

    def stop_worker(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        child = self._workers.pop(name)
        child.send_signal(how)
        child.wait(30)

    def kill_scheduler(self) -> None:
        assert self._scheduler is not None
        self._scheduler.kill()
        self._scheduler.wait()

    def said(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()
