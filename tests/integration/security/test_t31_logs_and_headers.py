"""Nothing that a visitor sends writes lines of its own into the log or headers into an answer (T31), and no file but
the application's own is served (T33)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.security import raw
from tests.integration.transport.harness import Browser, app, event, serving
from tests.support.command import Command

PROJECT = """
from livets import LiveTS, LiveView, NotFound, event

class Echo(LiveView):
    text: str = ""
    template = "<p>{{ text }}</p>"

    def mount(self, path: str = "") -> None:
        self.text = self.request.query_params.get("text", path)
        self.title = self.text
        self.body_class = self.text
        if path == "none":
            raise NotFound("nothing called " + self.text)
        if path == "fails":
            raise ValueError("bad: " + self.text)
        if path == "moves":
            self.redirect("?text=" + self.text)

    @event
    async def fail(self, text: str) -> None:
        raise ValueError(text)

app = LiveTS()
app.live("/{path:path}", Echo)
"""
FORGED = "x\r\nERROR:    forged\nINFO: forged\x1b[2J\x85forged\u2028forged\x00"
RECORD = re.compile(r"(livets|DEBUG|INFO|WARNING|ERROR|CRITICAL)\b|  |$|Traceback|\s")


async def test_t31_one_record_stays_one_line(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PROJECT)
    with Command("run", "--port", "0", folder=tmp_path) as run:
        async with Browser(run.url) as user:
            for path in ("/none", "/fails", "/moves", "/", f"/{quote(FORGED)}", f"/none/{quote(FORGED)}"):
                await user.http.get(path, params={"text": FORGED})
            for header in ("Origin: http://evil\x1b[2J", "User-Agent: \x1b[2Jforged", "Referer: \x1b]0;forged\x07"):
                await raw.get(run.url, "/\x1b[2Jforged", header)
                await raw.handshake(run.url, dict([header.split(": ", 1)]))
            await user.open("/")
            socket = await user.join()
            for ref, (name, *args) in enumerate([(FORGED,), ("fail", FORGED), ("@params", FORGED), ("fail", 1)], 1):
                await socket.send(event(ref, name, *args))
                await socket.receive()
            await socket.send(event(99999, FORGED))
            await socket.closed()
        run.stop()
    assert "\x1b" not in run.output
    assert "\x85" not in run.output
    for line in run.output.splitlines():
        assert RECORD.match(line), line
        assert line.startswith("  ") or "forged" not in line[:16], line
    assert "nothing called x" in run.output, "it was logged all the same"
    assert run.output.count("Echo.fail failed") == 1


async def test_t31_nothing_becomes_a_header(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(PROJECT)
    with Command("run", "--port", "0", folder=tmp_path) as run:
        for path in ("/", "/moves", "/none", "/fails"):
            for text in (
                "%0d%0aX-Forged:%201",
                "%0d%0a%0d%0a<script>",
                "%E5%98%8A%E5%98%8DX-Forged:1",
                "%00",
                "%0aX-Forged:1",
            ):
                answer = await raw.get(run.url, f"{path}?text={text}")
                assert raw.status(answer) in (200, 303, 404, 500)
                assert "x-forged" not in raw.head(answer)
                assert b"<script>\r" not in answer
        for path in ("/%0d%0aX-Forged:%201", "/a\x00b", "/a\tb"):
            assert "x-forged" not in raw.head(await raw.get(run.url, path))


TRAVERSALS = [
    "/static/../secret.txt", "/static/..%2fsecret.txt", "/static/%2e%2e/secret.txt", "/static/%2e%2e%2fsecret.txt",
    "/static/..%5csecret.txt", "/static/..\\secret.txt", "/static/%252e%252e/secret.txt", "/static/....//secret.txt",
    "/static//{folder}/secret.txt", "/static/%2f{folder}/secret.txt", "/static/file:///{folder}/secret.txt",
    "/static/link.txt", "/static/folder/secret.txt", "/static/./../secret.txt", "/static/a/../../secret.txt",
    "/static/.env", "/static/%2eenv", "/static/.git/config", "/static/..%c0%afsecret.txt", "/static/..%00/secret.txt",
    "/static/style.css%00.txt", "/static/%00", "/static/", "/static/.", "/static/..",
    "/static/style.css/../../secret.txt", "/static/..%2fsecret.000000000000.txt", "/static/.000000000000.env",
    "/static/link.000000000000.txt", "/static/" + "a" * 3000, "/static/" + "../" * 300 + "etc/passwd",
    "/static/~/secret.txt", "/static/CON", "/static/C:/secret.txt", "/static/style.css::$DATA", "/static/secret.txt",
    "/livets/../secret.txt", "/livets/..%2f..%2fapp.py", "/livets/%2e%2e%2fconfig.py",
    "/livets/connector.js", "/livets/app.py", "/livets/-.js", "/livets/" + "a" * 3000, "/livets/..", "/livets/%2e",
]  # fmt: skip


async def test_t33_no_other_file_is_served(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "secret.txt").write_text("SECRET")
    for hidden in (static / ".env", static / ".git" / "config"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_text("SECRET")
    (static / "style.css").write_text("a{}")
    os.symlink(tmp_path / "secret.txt", static / "link.txt")
    os.symlink(tmp_path, static / "folder")
    async with serving(app(static=static)) as origin:
        for path in TRAVERSALS:
            answer = await raw.get(origin, path.replace("{folder}", str(tmp_path).strip("/")))
            assert raw.status(answer) in (400, 404), path
            assert b"SECRET" not in answer, path
        good = await raw.get(origin, "/static/style.css")
        assert raw.status(good) == 200
        assert raw.head(good)["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"])
async def test_t33_files_are_only_read(tmp_path: Path, method: str) -> None:
    (tmp_path / "style.css").write_text("a{}")
    async with serving(app(static=tmp_path)) as origin:
        answer = await raw.get(origin, "/static/style.css", method=method)
        assert raw.status(answer) in (400, 405)
        assert (tmp_path / "style.css").read_text() == "a{}"
