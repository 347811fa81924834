"""Node-RED's nodes that reach outside: requests, what answers requests, and files."""

from __future__ import annotations

from typing import Any

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import literal
from livets.flow.importing.nodered_values import message_path, mustache, query_of
from livets.flow.importing.nodered_work import RedWork

ROOT = "nodered"
_PAYLOAD = "{payload: not_null(body, query), req: {method: method, headers: headers, query: query, body: body}}"
_SAMPLE: dict[str, Any] = {"method": "GET", "headers": {}, "query": {}, "body": None}


def http_request(raw: dict[str, Any], work: RedWork) -> None:
    """Ask a server; the answer goes into payload, statusCode and headers of the message."""
    method = str(raw.get("method", "GET")).upper()
    if method not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        raise Unmapped("its method is in the message: write it down")
    form = {"txt": "text", "obj": "json"}.get(str(raw.get("ret", "txt")), "")
    if not form:
        raise Unmapped("its answer is bytes: use http.request with `save`")
    url = str(raw.get("url") or "")
    work.through(work.make.add("flow.merge"), entry="in")
    asked = {"url": work.take(mustache(url)[0] if url else query_of("url"))}
    config: dict[str, Any] = {"method": method, "parse": form, "fail": False}
    if raw.get("paytoqs") in (True, "query"):
        asked["query"] = work.take("item.payload")
    elif method in ("POST", "PUT", "PATCH", "DELETE"):
        asked["body"] = work.take('to_string(not_null(item.payload, `""`))')
        config["send"] = "text"
        work.make.differs("the body is sent as text: set its content-type in `headers`")
    asked["headers"] = work.take("not_null(item.headers, `{}`)")
    send = work.make.add("http.request", config)
    work.make.links += [(port, (send, name)) for name, port in asked.items()]
    found = {"payload": "body", "statusCode": "status", "headers": "headers"}
    taken = {
        path: work.make.after((send, port), "transform.query", {"expression": "@"}) for path, port in found.items()
    }
    work.put({path: (id, "out") for path, id in taken.items()})
    if raw.get("authType"):
        work.make.differs("its credential is not in the file: grant a secret and set `auth` of http.request")
    if raw.get("tls") or raw.get("proxy"):
        work.make.differs("its TLS and proxy settings are not taken over")


def http_in(raw: dict[str, Any], work: RedWork) -> None:
    """Begin with a request."""
    path = str(raw.get("url") or "")
    if not path:
        raise Unmapped("it has no url")
    config = {"path": "/" + path.lstrip("/"), "methods": [str(raw.get("method", "get")).upper()], "answer": "result"}
    hook = work.make.add("trigger.webhook", {**config, "sample": _SAMPLE})
    work.piece.exits = [(work.make.after((hook, "out"), "transform.query", {"expression": _PAYLOAD}), "out")]
    if ":" in path:
        work.make.differs("parts of the path with a colon are not read")


def http_response(raw: dict[str, Any], work: RedWork) -> None:
    """Give the message as what the run gives."""
    work.through(work.make.add("flow.merge"), entry="in")
    work.make.differs("the answer is what the run gives: the whole message, with status 200")


def file_write(raw: dict[str, Any], work: RedWork) -> None:
    """Write the payload to a file below the granted folder."""
    mode = {"true": "replace", "false": "append"}.get(str(raw.get("overwriteFile", "false")).lower())
    if mode is None:
        raise Unmapped("it deletes a file, which no node here does")
    path = _path(raw, work)
    text = 'to_string(not_null(item.payload, `""`))'
    if raw.get("appendNewline") in (True, "true"):
        text = f'join(`""`, [{text}, {literal(chr(10))}])'
    work.through(work.make.add("flow.merge"), entry="in")
    content, where = work.take(text), work.take(path)
    write = work.make.after(content, "file.write", {"root": ROOT, "mode": mode}, to="content")
    work.make.links.append((where, (write, "path")))
    work.put({"~written": (write, "path")})


def file_read(raw: dict[str, Any], work: RedWork) -> None:
    """Read a file below the granted folder into the payload."""
    if raw.get("format", "utf8") != "utf8":
        raise Unmapped("it reads bytes, or line by line: use file.read and transform.split")
    path = _path(raw, work)
    work.apply(path, "file.read", {"root": ROOT}, "path", "payload")


def _path(raw: dict[str, Any], work: RedWork) -> str:
    name, kind = str(raw.get("filename") or ""), raw.get("filenameType", "str")
    work.make.differs(f"grant a folder called {ROOT!r}: its path is below that")
    if kind == "msg" or not name:
        return query_of(message_path(name or "filename"))
    if kind != "str":
        raise Unmapped("its file name is in the environment, or computed")
    return literal(name.replace("\\", "/").lstrip("/"))
