"""Imported requests and files against a real server and a real folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from livets.flow import FileRoot, FlowRuntime, Grants, Network
from livets.flow.importing import read_foreign
from tests.support.server import serving


async def echo(request: Request) -> JSONResponse:
    body = (await request.body()).decode()
    found = {"path": request.url.path, "q": dict(request.query_params), "h": request.headers.get("x-a"), "body": body}
    return JSONResponse([found])


APP = Starlette(routes=[Route("/{rest:path}", echo, methods=["GET", "POST"])])


async def ran(plain: Any, grants: Grants) -> dict[str, Any]:
    async with FlowRuntime(grants=grants) as runtime:
        return dict((await runtime.run(read_foreign(plain).workflow)).raise_if_failed().outputs)


async def test_n8n_asks_once_for_each_item_and_makes_items_of_the_answers() -> None:
    async with serving(APP) as url:
        start = {"name": "Go", "type": "n8n-nodes-base.manualTrigger"}
        ask = {
            "method": "POST",
            "url": f"={url}/of/{{{{ $json.id }}}}",
            "sendQuery": True,
            "queryParameters": {"parameters": [{"name": "n", "value": "={{ $itemIndex }}"}]},
            "sendHeaders": True,
            "headerParameters": {"parameters": [{"name": "x-a", "value": "b"}]},
            "sendBody": True,
            "specifyBody": "json",
            "jsonBody": '={"id": {{ $json.id }}}',
        }
        plain = {
            "nodes": [
                start,
                {"name": "Ask", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": ask},
            ],
            "connections": {"Go": {"main": [[{"node": "Ask"}]]}},
            "pinData": {"Go": [{"json": {"id": 7}}, {"json": {"id": 8}}]},
        }
        grants = Grants(network=Network(private=(url.removeprefix("http://"),)))
        answers = next(iter((await ran(plain, grants)).values()))
    assert [(one["path"], one["q"], one["h"]) for one in answers] == [
        ("/of/7", {"n": "0"}, "b"),
        ("/of/8", {"n": "1"}, "b"),
    ]
    assert [json.loads(one["body"]) for one in answers] == [{"id": 7}, {"id": 8}]


async def test_nodered_asks_and_writes_and_reads_files(tmp_path: Path) -> None:
    def red(id: str, type: str, *to: str, **more: Any) -> dict[str, Any]:
        return {"id": id, "type": type, "x": 1, "wires": [list(to)], **more}

    async with serving(APP) as url:
        plain = [
            red("in", "inject", "ask", props=[{"p": "payload"}], payload="there", payloadType="str"),
            red("ask", "http request", "write", method="GET", ret="txt", url=f"{url}/{{{{payload}}}}"),
            red("write", "file", "read", filename="/a/b.txt", overwriteFile="true", appendNewline=True),
            red("read", "file in", "end", filename="a/b.txt", format="utf8"),
            red("end", "debug", complete="true"),
        ]
        files = {"nodered": FileRoot(tmp_path, writable=True)}
        grants = Grants(network=Network(private=(url.removeprefix("http://"),)), files=files)
        message = next(iter((await ran(plain, grants)).values()))
    assert json.loads((tmp_path / "a/b.txt").read_text())[0]["path"] == "/there"
    assert message["payload"] == (tmp_path / "a/b.txt").read_text()
    assert message["statusCode"] == 200
