"""How Node-RED's core nodes are drawn: a message is an object that flows along, with `payload` and the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livets.flow.importing import nodered_web
from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import literal
from livets.flow.importing.n8n_node import records
from livets.flow.importing.nodered_values import computed, condition, constant, message_path, mustache, query_of
from livets.flow.importing.nodered_work import RedWork, seconds

_NO_TIME = {"at": None, "due": None}


def inject(raw: dict[str, Any], work: RedWork) -> None:
    """Begin with a message: by hand, every so often, or at times."""
    props = [(p.get("p"), p.get("v", raw.get(str(p.get("p")))), p.get("vt")) for p in records(raw.get("props"))]
    if not props:
        props = [("payload", raw.get("payload", ""), raw.get("payloadType", "date"))]
    found: list[tuple[str, Any, Any]] = []
    for name, value, kind in props:
        if name == "payload" and kind is None:
            value, kind = raw.get("payload", ""), raw.get("payloadType", "date")
        found.append((message_path(name), value, kind or "str"))
    if raw.get("topic") and all(name != "topic" for name, _, _ in found):
        found.append(("topic", raw["topic"], "str"))
    fields = {name: constant(value, kind) for name, value, kind in found if kind not in ("date", "")}
    dates = [name for name, _, kind in found if kind in ("date", "")]
    when: dict[str, Any] = {}
    if raw.get("crontab"):
        when = {"cron": str(raw["crontab"])}
    elif raw.get("repeat"):
        when = {"every_s": seconds(raw["repeat"], "s")}
    begin = work.make.add("trigger.schedule" if when else "trigger.manual", {**when, "sample": _NO_TIME})
    config = {"fields": fields, "compute": dict.fromkeys(dates, "item.due"), "keep": False}
    work.piece.exits = [(work.make.after((begin, "out"), "transform.compute", config), "out")]
    if dates:
        work.make.differs("the time is in seconds, and null when a person starts the run")
    if raw.get("once") is True:
        work.make.differs("it does not fire by itself at the start")


def debug(raw: dict[str, Any], work: RedWork) -> None:
    """Log the message."""
    work.through(work.make.add("debug.log"))
    work.piece.exits = []
    if raw.get("complete") not in ("true", True):
        work.make.differs("it logs the whole message")


def change(raw: dict[str, Any], work: RedWork) -> None:
    """Set, delete and move properties, one rule after the other."""
    rules = records(raw.get("rules"))
    if not rules:
        old = {"replace": "set", "change": "change", "delete": "delete", "move": "move", "set": "set"}
        action = old.get(str(raw.get("action")), "")
        rules = [{"t": action, "p": raw.get("property"), "to": raw.get("to", ""), "tot": "str"}]
    work.through(work.make.add("flow.merge"), entry="in")
    for rule in rules:
        if rule.get("pt", "msg") != "msg":
            raise Unmapped("it changes the context of the flow, which is not kept here: use settings.state")
        path, kind = message_path(rule.get("p")), rule.get("t")
        if kind == "set":
            found = computed(rule.get("to", ""), rule.get("tot", "str"))
            work.then("transform.compute", {"compute": {path: found}})
        elif kind == "delete":
            work.then("transform.select", {"drop": [path]})
        elif kind == "move":
            if rule.get("tot", "msg") != "msg":
                raise Unmapped("it moves into the context of the flow")
            work.then("transform.rename", {"fields": {path: message_path(rule.get("to"))}})
        else:
            raise Unmapped("it replaces text inside a property, which has no equivalent")


def switch(raw: dict[str, Any], work: RedWork) -> None:
    """Send the message to the outputs of the rules that it fulfils."""
    if raw.get("propertyType", "msg") != "msg":
        raise Unmapped("it looks at the context, or computes (JSONata)")
    path = message_path(raw.get("property", "payload"))
    rules = records(raw.get("rules"))
    default, cases = "none", []
    for place, rule in enumerate(rules):
        if rule.get("t") != "else":
            cases.append({"port": f"out{place}", "when": condition(rule, path)})
        elif place == len(rules) - 1:
            default = f"out{place}"
        else:
            raise Unmapped("its `otherwise` is not the last rule")
    if any(rule.get("t") in ("eq", "neq") for rule in rules):
        work.make.differs('kinds count: "5" is not 5')
    id = work.make.add("flow.switch", {"cases": cases, "default": default, "all": raw.get("checkall") != "false"})
    work.piece.entries = [(id, "value")]
    work.piece.exits = [(id, f"out{place}") for place in range(len(rules))]


def template(raw: dict[str, Any], work: RedWork) -> None:
    """Set a property to text with mustaches, or to the JSON in it."""
    if raw.get("fieldType", "msg") != "msg":
        raise Unmapped("it sets the context of the flow")
    path, text = message_path(raw.get("field", "payload")), str(raw.get("template", ""))
    output = raw.get("output", "str")
    if output not in ("str", "json"):
        raise Unmapped(f"it reads its text as {str(output)[:20]}")
    if raw.get("syntax", "mustache") != "mustache":
        expression, escaped = literal(text), False
    else:
        expression, escaped = mustache(text)
    if output == "str":
        work.through(work.make.add("transform.compute", {"compute": {path: expression}}))
    else:
        work.apply(expression, "transform.json_parse", {}, "text", path)
    if escaped:
        work.make.differs("what {{...}} puts in is not escaped as HTML")


def json_(raw: dict[str, Any], work: RedWork) -> None:
    """Parse a property, or write it as text."""
    path = message_path(raw.get("property", "payload"))
    if raw.get("action") == "str":
        config = {"indent": 4 if raw.get("pretty") is True else 0}
        work.apply(query_of(path), "transform.json_stringify", config, "value", path)
        return
    work.apply(query_of(path), "transform.json_parse", {}, "text", path)
    if raw.get("action") != "obj":
        work.make.differs("it always parses; Node-RED writes text when an object comes")


def csv(raw: dict[str, Any], work: RedWork) -> None:
    """Parse CSV in `payload` to an array."""
    if raw.get("multi", "one") != "mult":
        raise Unmapped("it sends a message for each row: set its output to one array, and use flow.map")
    fields = [name.strip() for name in str(raw.get("temp") or "").split(",") if name.strip()]
    names = raw.get("hdrin") in (True, "true")
    if not names and not fields:
        raise Unmapped("its columns have no names: write them down")
    sign = str(raw.get("sep") or ",").replace("\\t", "\t")
    config: dict[str, Any] = {"delimiter": sign, "fields": [] if names else fields}
    work.apply(query_of("payload"), "transform.csv_parse", config, "text", "payload")
    work.make.differs("it reads CSV only, and leaves cells as text")


def sort(raw: dict[str, Any], work: RedWork) -> None:
    """Sort an array in the message."""
    if raw.get("targetType", "msg") != "msg":
        raise Unmapped("it sorts a sequence of messages: there are none here")
    if raw.get("msgKeyType", "elem") != "elem":
        raise Unmapped("it sorts by an expression (JSONata)")
    path = message_path(raw.get("target", "payload"))
    config = {"reverse": raw.get("order") == "descending"}
    work.apply(query_of(path), "transform.sort", config, "items", path)
    if raw.get("as_num") is True:
        work.make.differs("numbers that are text are sorted as text")


def delay(raw: dict[str, Any], work: RedWork) -> None:
    """Wait for a fixed time."""
    if raw.get("pauseType", "delay") != "delay":
        raise Unmapped("it limits a rate, or waits a random or computed time: set a rate on the node that follows")
    config = {"seconds": seconds(raw.get("timeout", 5), str(raw.get("timeoutUnits", "seconds")))}
    work.through(work.make.add("time.delay", config))


def passes(raw: dict[str, Any], work: RedWork) -> None:
    """Give the message on."""
    work.through(work.make.add("flow.merge"), entry="in")


def link_out(raw: dict[str, Any], work: RedWork) -> None:
    """Give the message on to the links."""
    if raw.get("mode", "link") != "link":
        raise Unmapped("it returns to whoever called the link: use flow.call")
    passes(raw, work)


def never(raw: dict[str, Any], work: RedWork) -> None:
    """Begin nothing: what other nodes do, or how they fail, starts no way here."""
    id = work.make.add("flow.filter", {"when": {"op": "truthy"}}, value=None)
    work.piece.exits = [(id, "out")]
    work.make.differs("it never fires: give the nodes that it watches `on_error: port`, and connect their `error`")


def _reason(text: str) -> Callable[[dict[str, Any], RedWork], None]:
    def refuse(raw: dict[str, Any], work: RedWork) -> None:
        raise Unmapped(text)

    return refuse


_SEQUENCE = _reason("it makes or ends a sequence that no Split begins: one run carries one message; use flow.map")
_CODE = _reason("its JavaScript is not run here: write it as python.code or a granted python.function")

Mapper = Callable[[dict[str, Any], RedWork], None]
TABLE: dict[str, tuple[Mapper, str]] = {
    "inject": (inject, "trigger.manual, trigger.schedule"),
    "debug": (debug, "debug.log"),
    "change": (change, "transform.compute, transform.select, transform.rename"),
    "switch": (switch, "flow.switch"),
    "template": (template, "transform.compute"),
    "json": (json_, "transform.json_parse, transform.json_stringify"),
    "csv": (csv, "transform.csv_parse"),
    "sort": (sort, "transform.sort"),
    "delay": (delay, "time.delay"),
    "http request": (nodered_web.http_request, "http.request"),
    "http in": (nodered_web.http_in, "trigger.webhook"),
    "http response": (nodered_web.http_response, "flow.merge"),
    "file": (nodered_web.file_write, "file.write"),
    "file in": (nodered_web.file_read, "file.read"),
    "junction": (passes, "flow.merge"),
    "link in": (passes, "flow.merge"),
    "link out": (link_out, "flow.merge"),
    "catch": (never, "flow.filter"),
    "status": (never, "flow.filter"),
    "complete": (never, "flow.filter"),
    "function": (_CODE, "not mapped"),
    "split": (_SEQUENCE, "message.split, flow.map"),
    "join": (_SEQUENCE, "message.join"),
    "batch": (_SEQUENCE, "not mapped"),
    "link call": (_reason("it calls a link and waits for what returns: use flow.call"), "not mapped"),
    "exec": (_reason("commands are not run: grant a program, and use process.program"), "not mapped"),
}
"""Type -> how it is drawn, and as what."""
