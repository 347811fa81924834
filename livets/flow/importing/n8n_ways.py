"""n8n's nodes that choose a way, wait, stop or ask a database; and the table of all that have an equivalent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livets.flow.importing import n8n_fields, n8n_items, n8n_triggers
from livets.flow.importing.drawing import Unmapped, clean
from livets.flow.importing.n8n_conditions import compared, conditions, filtering
from livets.flow.importing.n8n_expression import is_expression
from livets.flow.importing.n8n_http import http_request, retry_of
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records
from livets.flow.model import InputSpec, NodeSpec, Workflow

_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}


def passes(node: N8nNode, work: Work) -> None:
    """Give everything on."""
    work.through(work.make.add("flow.merge", {"mode": "concat"}), entry="in")


def answers(node: N8nNode, work: Work) -> None:
    """Give everything on: what a run gives is the answer of its webhook."""
    passes(node, work)
    work.make.differs("the answer is what the run gives (answer: result), not a body of its own")


def if_(node: N8nNode, work: Work) -> None:
    """Send each item to `true` or `false`."""
    when = conditions(node, work)
    config = {"cases": [{"port": "true", "when": when}], "default": "false"}
    work.choose("flow.partition", config, ["true", "false"])


def filter_(node: N8nNode, work: Work) -> None:
    """Give on the items that fulfil the condition; none: what follows is skipped."""
    config = {"cases": [{"port": "kept", "when": conditions(node, work)}], "default": "dropped"}
    work.choose("flow.partition", config, ["kept"])


def switch(node: N8nNode, work: Work) -> None:
    """Send each item to the output of the first rule that it fulfils, or of all."""
    if node.get("mode", "rules") != "rules":
        raise Unmapped("its output is computed: write rules")
    cases = []
    for place, rule in enumerate(records(node.get("rules.values", None))):
        found: dict[str, Any] = dig(rule, "conditions", {})
        cases.append({"port": f"out{place}", "when": filtering(found, work)})
    kind = node.get("dataType", "number")
    for rule in records(node.get("rules.rules", None)) if not cases else []:
        when = compared(work, node.parameters.get("value1"), rule.get("operation", "equal"), rule.get("value2"), kind)
        cases.append({"port": f"out{dig(rule, 'output', 0)}", "when": when})
    fallback = node.parameters.get("fallbackOutput", dig(node.parameters, "options.fallbackOutput", None))
    default = "none"
    if fallback == "extra":
        default = f"out{len(cases)}"
    elif str(fallback).isascii() and str(fallback).isdigit():
        default = f"out{fallback}"
    config = {"cases": cases, "default": default, "all": node.get("options.allMatchingOutputs", False)}
    ports = {*(case["port"] for case in cases), default}
    work.choose(
        "flow.partition", config, [f"out{at}" if f"out{at}" in ports else default for at in range(node.outputs)]
    )


def wait(node: N8nNode, work: Work) -> None:
    """Wait for a time, or for a signal where n8n waits for a call or a form."""
    resume = node.get("resume", "timeInterval")
    if resume in ("webhook", "form"):
        work.through(work.make.add("flow.wait", {"for": "input", "prompt": node.name[:200]}))
        work.make.differs("it goes on with handle.signal(node, items), not with a request to a URL")
        return
    if resume != "timeInterval":
        raise Unmapped("it waits until a time that is written down, or computed")
    new = node.version >= 1.1
    amount = node.constant("amount", 5.0 if new else 1.0)
    seconds = _SECONDS.get(node.constant("unit", "seconds" if new else "hours"), 3600)
    work.through(work.make.add("time.delay", {"seconds": float(amount) * seconds}))


def stop(node: N8nNode, work: Work) -> None:
    """Fail with the message."""
    message = node.get("errorMessage", "") or node.get("message", "") or node.name
    id = work.make.add("flow.fail", {"message": message.removeprefix("=")[:2000], "kind": "stopped"})
    work.piece.entries = [(id, "value")]
    if is_expression(message):
        work.make.differs("the message is not computed")


def database(node: N8nNode, work: Work) -> None:
    """Ask a granted database once for each item; rows become items."""
    statement = node.constant("query", "")
    if node.get("operation", "executeQuery") != "executeQuery" or not statement or "{{" in statement:
        raise Unmapped("here a statement is written down, with placeholders: use database.query")
    if node.get("options.queryReplacement", "") or node.get("additionalFields.queryParams", ""):
        raise Unmapped("it fills placeholders: connect `parameters` of a database.query")
    name, granted = work.drawing.free_id(f"ask_{clean(node.name)}"), clean(node.kind)
    spec = NodeSpec(id="ask", type="database.query", config={"database": granted, "statement": statement})
    spec.retry = retry_of(node)
    inner = Workflow(id=name, inputs={"item": InputSpec()}, nodes=[spec], outputs={"rows": "ask.rows"})
    work.make.definitions[name] = inner
    work.through(work.make.add("flow.map", {"workflow": name, "concurrency": 1}), entry="items")
    work.on(work.make.after(work.piece.exits[0], "transform.query", {"expression": "[]"}))
    work.make.differs(f"its credential is not in the file: grant a database called {granted!r}")


def _javascript(node: N8nNode, work: Work) -> None:
    language = node.get("language", "javaScript")
    raise Unmapped(f"its {language[:20]} code is not run here: write it as python.code or a granted python.function")


def _elsewhere(node: N8nNode, work: Work) -> None:
    raise Unmapped("the workflow that it calls is not in this file: import that too, and use flow.call")


Mapper = Callable[[N8nNode, Work], None]
TABLE: dict[str, tuple[Mapper, str]] = {
    "manualTrigger": (n8n_triggers.by_hand, "trigger.manual"),
    "start": (n8n_triggers.by_hand, "trigger.manual"),
    "executeWorkflowTrigger": (n8n_triggers.called, "transform.compute"),
    "errorTrigger": (n8n_triggers.never, "flow.filter"),
    "scheduleTrigger": (n8n_triggers.clock, "trigger.schedule"),
    "cron": (n8n_triggers.clock, "trigger.schedule"),
    "interval": (n8n_triggers.clock, "trigger.schedule"),
    "webhook": (n8n_triggers.webhook, "trigger.webhook"),
    "respondToWebhook": (answers, "flow.merge"),
    "httpRequest": (http_request, "flow.map, http.request"),
    "set": (n8n_fields.set_fields, "transform.compute"),
    "renameKeys": (n8n_fields.rename_keys, "transform.rename"),
    "html": (n8n_fields.html, "transform.compute"),
    "if": (if_, "flow.partition"),
    "filter": (filter_, "flow.partition"),
    "switch": (switch, "flow.partition"),
    "merge": (n8n_items.merge, "flow.merge, transform.join"),
    "limit": (n8n_items.limit, "transform.query"),
    "sort": (n8n_items.sort, "transform.sort"),
    "splitOut": (n8n_items.split_out, "transform.query"),
    "aggregate": (n8n_items.aggregate, "transform.aggregate"),
    "summarize": (n8n_items.summarize, "transform.aggregate"),
    "removeDuplicates": (n8n_items.remove_duplicates, "transform.aggregate"),
    "itemLists": (n8n_items.item_lists, "one of the five above"),
    "wait": (wait, "time.delay, flow.wait"),
    "noOp": (passes, "flow.merge"),
    "stopAndError": (stop, "flow.fail"),
    "postgres": (database, "flow.map, database.query"),
    "mySql": (database, "flow.map, database.query"),
    "code": (_javascript, "not mapped"),
    "function": (_javascript, "not mapped"),
    "functionItem": (_javascript, "not mapped"),
    "executeWorkflow": (_elsewhere, "not mapped"),
}
"""Type (without `n8n-nodes-base.`) -> how it is drawn, and as what; splitInBatches is drawn by n8n_loops."""
