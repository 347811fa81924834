"""n8n's HTTP Request: one request for each item, as a flow.map over a sub-workflow with one http.request."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.engine.graph import Connection
from livets.engine.retry import RetryPolicy
from livets.flow.importing.drawing import Unmapped, clean
from livets.flow.importing.n8n_expression import is_expression
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records
from livets.flow.model import InputSpec, NodeSpec, Workflow

_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_PARSE = {"autodetect": "auto", "json": "json", "text": "text", "string": "text", "file": "bytes"}


def http_request(node: N8nNode, work: Work) -> None:
    """Draw it: transform.compute makes the requests, flow.map sends them, transform.query makes items of bodies."""
    config: dict[str, Any] = {"method": _method(node)}
    wanted: dict[str, Any] = {"url": node.get("url", "")}
    if not wanted["url"]:
        raise Unmapped("it has no url")
    wanted |= _pairs(node, "query") | _pairs(node, "headers")
    _body(node, config, wanted)
    _options(node, work, config)
    compute = {path: work.expressions.translate(value) for path, value in wanted.items() if is_expression(value)}
    fields = {path: value for path, value in wanted.items() if path not in compute}
    requests = work.make.add("transform.compute", {"fields": fields, "compute": compute, "keep": False})
    name = work.drawing.free_id(f"send_{clean(node.name)}")
    ports = dict.fromkeys(path.split(".")[0] for path in wanted)
    work.make.definitions[name] = _sending(name, list(ports), config, node)
    on_error = "skip" if node.raw.get("continueOnFail") or str(node.raw.get("onError", "")).startswith("c") else "stop"
    if on_error == "skip" and node.raw.get("onError") != "continueErrorOutput":
        work.make.differs("a request that fails leaves its item out; in n8n the error goes on as an item")
    work.through(requests)
    sent = work.make.after((requests, "out"), "flow.map", {"workflow": name, "on_error": on_error}, to="items")
    work.on(work.make.after((sent, "out"), "transform.query", {"expression": "[]"}))
    if node.raw.get("onError") == "continueErrorOutput":
        work.piece.exits.append((sent, "errors"))


def _sending(name: str, ports: list[str], config: dict[str, Any], node: N8nNode) -> Workflow:
    """The sub-workflow of one request."""
    item = {"$input": "item"}
    nodes = [
        NodeSpec(id=port, type="transform.query", config={"expression": port}, inputs={"value": item}) for port in ports
    ]
    send = NodeSpec(id="send", type="http.request", name=node.name, config=config, retry=retry_of(node))
    links = [Connection(port, "out", "send", port) for port in ports]
    one = {"item": InputSpec()}
    return Workflow(id=name, inputs=one, nodes=[*nodes, send], connections=links, outputs={"body": "send.body"})


def retry_of(node: N8nNode) -> RetryPolicy | None:
    """Return how often n8n tries the node again, waiting how long."""
    if node.raw.get("retryOnFail") is not True:
        return None
    times, wait_ms = dig(node.raw, "maxTries", 3), dig(node.raw, "waitBetweenTries", 1000)
    return RetryPolicy(max_attempts=min(max(times, 1), 5), delay_ms=min(max(wait_ms, 0), 60_000))


def _method(node: N8nNode) -> str:
    method = (node.constant("method", "") or node.constant("requestMethod", "") or "GET").upper()
    if method not in _METHODS:
        raise Unmapped(f"its method {method[:20]!r} is not known here")
    return method


def _pairs(node: N8nNode, what: str) -> dict[str, Any]:
    """Query or headers of any version, by our path."""
    one = {"query": "query", "headers": "header"}[what]
    switch = node.get("sendQuery" if what == "query" else "sendHeaders", None)
    if node.version >= 3 and switch is not True:
        return {}
    text = node.get("jsonQuery" if what == "query" else "jsonHeaders", "") or node.get(f"{one}ParametersJson", "")
    rows = records(node.get(f"{one}Parameters.parameters", None) or node.get(f"{one}ParametersUi.parameter", None))
    if text and not rows:
        try:
            read = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise Unmapped(f"its {what} are a computed JSON text; write them as pairs") from None
        rows = [{"name": name, "value": value} for name, value in read.items()] if isinstance(read, dict) else []
    found = {}
    for row in rows:
        name = row.get("name")
        if not name and not row.get("value"):
            continue
        if not isinstance(name, str) or not name or is_expression(name) or any(sign in name for sign in ".[]"):
            raise Unmapped(f"a name of its {what} ({str(name)[:60]!r}) is computed, or no plain name")
        found[f"{what}.{name}"] = row.get("value", "")
    return found


def _body(node: N8nNode, config: dict[str, Any], wanted: dict[str, Any]) -> None:
    if node.version >= 3 and node.get("sendBody", False) is not True:
        return
    content = node.get("contentType", "") or node.get("bodyContentType", "") or "json"
    config["send"] = {"json": "json", "form-urlencoded": "form", "raw": "text"}.get(content, "")
    if not config["send"]:
        raise Unmapped(f"its body is {content[:40]!r}, which needs files that are not items here")
    text = node.get("jsonBody", None) if node.get("specifyBody", "") == "json" else node.get("bodyParametersJson", None)
    if config["send"] == "text":
        text = node.get("body", "")
        wanted["headers.content-type"] = node.get("rawContentType", "") or "text/plain"
    rows = records(node.get("bodyParameters.parameters", None) or node.get("bodyParametersUi.parameter", None))
    if isinstance(text, str) and text:
        if config["send"] == "json" and not is_expression(text):
            try:
                wanted["body"] = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError, UnicodeError):
                raise Unmapped("its JSON body is no JSON") from None
            return
        if config["send"] == "json":  # n8n puts values into the text, and sends that
            config["send"] = "text"
            wanted["headers.content-type"] = "application/json"
        wanted["body"] = text
    elif text not in (None, ""):
        wanted["body"] = text
    for row in rows if "body" not in wanted else []:
        name = row.get("name")
        if not isinstance(name, str) or not name or is_expression(name) or any(sign in name for sign in "[]"):
            raise Unmapped(f"a name in its body ({str(name)[:60]!r}) is computed, or no plain name")
        wanted[f"body.{name}"] = row.get("value", "")
    if config["send"] != "json" and not any(path.startswith("body") for path in wanted):
        del config["send"]


def _options(node: N8nNode, work: Work, config: dict[str, Any]) -> None:
    make, get = work.make, node.get
    response: Any = get("options.response.response", {})
    form = dig(response, "responseFormat", "") or get("responseFormat", "")
    config["parse"] = _PARSE.get(form, "auto")
    if form == "file":
        make.differs("the body is bytes, not an item with a file")
    if dig(response, "fullResponse", False) or get("options.fullResponse", False):
        raise Unmapped("it gives status and headers with the body; put an http.request here and use its ports")
    if dig(response, "neverError", False) or get("options.ignoreResponseCode", False):
        config["fail"] = False
    timeout = get("options.timeout", 0.0)
    if timeout > 0:
        config["timeout_s"] = timeout / 1000
    if get("options.pagination", {}):
        make.differs("only the first page is asked for: set `pages` of http.request")
    if get("options.batching", {}):
        make.differs("requests are not spaced: set a rate on the flow.map")
    if get("options.allowUnauthorizedCerts", False):
        make.differs("certificates are always checked")
    if get("authentication", "none") not in ("none", ""):
        kind = get("genericAuthType", "") or get("nodeCredentialType", "") or "credential"
        make.differs(f"its {kind[:60]} is not in the file: grant a secret and set `auth` of http.request")
