"""What begins an n8n workflow: by hand, by the clock, by a webhook, by another workflow."""

from __future__ import annotations

from typing import Any

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records
from livets.flow.model import InputSpec

_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_WEBHOOK = "[{headers: headers, params: `{}`, query: query, body: body}]"
_NO_TIME = {"at": None, "due": None}
_SAMPLE: dict[str, Any] = {"method": "GET", "headers": {}, "query": {}, "body": None}


def by_hand(node: N8nNode, work: Work) -> None:
    """Begin with one empty item, or with what was pinned."""
    pinned = [one.get("json", one) for one in records(node.pinned)]
    begin = work.make.add("trigger.manual", {"sample": [one for one in pinned if isinstance(one, dict)] or [{}]})
    work.piece.exits = [(begin, "out")]


def never(node: N8nNode, work: Work) -> None:
    """Begin nothing: errors of other workflows do not start this one."""
    never = work.make.add("flow.filter", {"when": {"op": "truthy"}}, value=None)
    work.piece.exits = [(never, "out")]
    work.make.differs("it never fires: failed runs of other workflows do not start this one")


def called(node: N8nNode, work: Work) -> None:
    """Begin with the items that whoever calls gives as the input `items`."""
    work.drawing.inputs["items"] = InputSpec(required=False, default=[{}], description="items, as n8n calls them")
    begin = work.make.add("transform.compute", {}, value={"$input": "items"})
    work.piece.exits = [(begin, "out")]


def webhook(node: N8nNode, work: Work) -> None:
    """Begin with a request."""
    path = node.constant("path", "")
    if not path:
        raise Unmapped("it has no path")
    method = node.constant("httpMethod", "GET")
    answer = "accepted" if node.get("responseMode", "onReceived") == "onReceived" else "result"
    config = {"path": "/" + path.lstrip("/"), "methods": [method], "answer": answer, "sample": _SAMPLE}
    hook = work.make.add("trigger.webhook", config)
    work.piece.exits = [(work.make.after((hook, "out"), "transform.query", {"expression": _WEBHOOK}), "out")]
    if "/:" in path or path.startswith(":"):
        work.make.differs("parts of the path with a colon are not read")
    if node.get("authentication", "none") not in ("none", ""):
        work.make.differs("its credential is not in the file: set `secret` of trigger.webhook")
    if answer == "result":
        work.make.differs("it answers with what the run gives")


def clock(node: N8nNode, work: Work) -> None:
    """Begin at times: schedule, cron and interval nodes of all versions."""
    rows = records(node.get("rule.interval", None) or node.get("triggerTimes.item", None))
    if node.kind == "interval":
        rows = [{"mode": "everyX", "unit": node.get("unit", "seconds"), "value": node.get("interval", 1)}]
    whens = [_when(row) for row in rows] or [{"every_s": 86_400.0}]
    zone = dig(node.raw, "timezone", "")
    times = [
        (work.make.add("trigger.schedule", {**when, "timezone": zone or "UTC", "sample": _NO_TIME}), "out")
        for when in whens
    ]
    last = times[0]
    if len(times) > 1:
        last = (work.make.add("flow.merge"), "out")
        work.make.links += [(time, (last[0], "in")) for time in times]
    expression = "[{timestamp: at}]"
    work.piece.exits = [(work.make.after(last, "transform.query", {"expression": expression}), "out")]
    work.make.differs("the item has `timestamp` only, not its parts (`Day of week`, `Hour`, ...)")


def _when(row: dict[str, Any]) -> dict[str, Any]:
    mode = dig(row, "field", "") or dig(row, "mode", "") or ("everyDay" if "hour" in row else "days")
    minute = _number(row, "triggerAtMinute", "minute", 0, 59)
    hour = _number(row, "triggerAtHour", "hour", 0, 23)
    if mode in ("cronExpression", "custom"):
        return {"cron": _cron(dig(row, "expression", "") or dig(row, "cronExpression", ""))}
    if mode in ("seconds", "minutes"):
        return {"every_s": float(_UNITS[mode] * _number(row, f"{mode}Interval", "value", 1, 100_000, 30))}
    if mode == "everyX":
        return {"every_s": float(_UNITS.get(dig(row, "unit", "hours"), 3600) * _number(row, "value", "", 1, 100_000))}
    if mode == "everyMinute":
        return {"cron": "* * * * *"}
    if mode in ("hours", "everyHour"):
        every = _number(row, "hoursInterval", "", 1, 1000)
        return {"cron": f"{minute} * * * *"} if every == 1 else {"every_s": 3600.0 * every}
    if mode in ("days", "everyDay"):
        every = _number(row, "daysInterval", "", 1, 1000)
        return {"cron": f"{minute} {hour} * * *"} if every == 1 else {"every_s": 86_400.0 * every}
    if mode in ("weeks", "everyWeek") and _number(row, "weeksInterval", "", 1, 1000) == 1:
        days = row.get("triggerAtDay", row.get("weekday", [0]))
        listed = days if isinstance(days, list) else [days]
        names = ",".join(str(int(day) % 7) for day in listed if str(day).isascii() and str(day).isdigit())
        return {"cron": f"{minute} {hour} * * {names or 0}"}
    if mode in ("months", "everyMonth") and _number(row, "monthsInterval", "", 1, 1000) == 1:
        day = _number(row, "triggerAtDayOfMonth", "dayOfMonth", 1, 31)
        return {"cron": f"{minute} {hour} {day} * *"}
    raise Unmapped(f"its rule {mode[:40]!r} has no equivalent: write a cron expression")


def _number(row: dict[str, Any], name: str, old: str, least: int, most: int, default: int | None = None) -> int:
    found = row.get(name, row.get(old, least if default is None else default))
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 9:
        found = int(found)
    if type(found) is not int or not least <= found <= most:
        raise Unmapped(f"its {name} is no number from {least} to {most}")
    return found


def _cron(text: str) -> str:
    """A cron expression of n8n has its seconds first, ours last."""
    fields = text.removeprefix("=").split()
    if len(fields) == 6:
        fields = [*fields[1:], fields[0]]
    if len(fields) != 5 and len(fields) != 6:
        raise Unmapped(f"{text[:60]!r} is no cron expression")
    return " ".join(fields)
