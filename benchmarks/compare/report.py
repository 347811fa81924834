"""Turns figures into a table of ratios and a plot, and keeps them in benchmarks/results with where and how."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment

from benchmarks.compare.measuring import Figures

RESULTS = Path(__file__).parents[1] / "results"
METHOD = (
    "Each application in a process of its own (uvicorn, one worker, no compression), one page at a time in headless "
    "Chromium on the same machine. Time: from the click to the first DOM that shows the result (MutationObserver). "
    "Server CPU: the scheduler's clock of the process, mean. Browser: ScriptDuration of Chromium, median; messages: "
    "the page's handler of its socket's messages, mean. Bytes: WebSocket payloads. Nodes: changed, added or removed "
    "(MutationObserver). A render: plain Jinja2 of the same page, best of seven."
)
Results = dict[str, dict[str, Figures]]
"""By application, by "operation rows"."""

_COLUMNS = {
    "server_cpu_ms": "server CPU",
    "of_a_render": "of a Jinja2 render",
    "bytes_down": "bytes down",
    "browser_ms": "browser script",
    "apply_ms": "of that, messages",
    "nodes": "nodes",
    "latency_ms": "click to DOM",
}
_PLOT = Environment(autoescape=True).from_string(
    """<svg xmlns="http://www.w3.org/2000/svg" width="900" height="{{ 60 + 22 * bars|length }}"
 font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="10" y="22" font-size="15">{{ title }}</text>
{%- for name, value, width, colour in bars %}
<g transform="translate(0 {{ 40 + 22 * loop.index0 }})"><text x="10" y="13">{{ name }}</text>
<rect x="300" y="2" width="{{ width }}" height="15" fill="{{ colour }}"/>
<text x="{{ 306 + width }}" y="13">{{ value }}</text></g>
{%- endfor %}
</svg>
"""
)
_COLOURS = {
    "livets": "#4051b5",
    "livets KeyedList": "#7986cb",
    "hand-written": "#9e9e9e",
    "HTML + idiomorph": "#e57373",
    "HTML + morphdom": "#ffb74d",
}


def table(results: Results, renders: dict[int, float]) -> str:
    """Markdown: the figures of each application by operation, in brackets as multiples of livets' (plain list)."""
    lines = [
        "| operation, rows | application | " + " | ".join(_COLUMNS.values()) + " |",
        "|---|---|" + "---|" * len(_COLUMNS),
    ]
    base = results["livets"]
    for case in base:
        render_ms = renders[int(case.split()[1])]
        for name, figures in results.items():
            if case not in figures:
                continue
            cells = [_cell(column, figures[case], base[case], render_ms) for column in _COLUMNS]
            lines.append(f"| {case if name == 'livets' else ''} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(column: str, figures: Figures, base: Figures, render_ms: float) -> str:
    if column == "of_a_render":
        return f"{figures.server_cpu_ms / render_ms:.2f}"
    value, other = getattr(figures, column), getattr(base, column)
    if column == "nodes":
        return f"{value:.0f}"
    shown = f"{value:.0f} B" if column == "bytes_down" else f"{value:.2f} ms"
    return f"{shown} ({value / other:.2f}x)" if other and value != other else shown


def write(results: Results, renders: dict[int, float], repeats: int) -> Path:
    """Write JSON, table and plot; answers where the table is."""
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    now = datetime.datetime.now(datetime.UTC)
    stem = RESULTS / f"{now:%Y-%m-%d}-{commit}"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    about = {
        "date": now.isoformat(timespec="seconds"),
        "commit": commit,
        "machine": machine,
        "repeats": repeats,
        "load": f"{os.getloadavg()[2]:.1f} over the last 15 minutes",
        "a Jinja2 render": ", ".join(f"{rows} rows {ms:.2f} ms" for rows, ms in renders.items()),
        "method": METHOD,
    }
    figures = {name: {case: asdict(one) for case, one in cases.items()} for name, cases in results.items()}
    stem.with_suffix(".json").write_text(json.dumps({**about, "figures": figures}, indent=1) + "\n")
    stem.with_suffix(".svg").write_text(_plot(results))
    head = "\n".join(f"- {name}: {value}" for name, value in about.items())
    page = stem.with_suffix(".md")
    page.write_text(
        f"# Side by side\n{head}\n\nIn brackets: multiples of livets.\n\n{table(results, renders)}\n\n"
        f"![plot]({stem.name}.svg)\n"
    )
    return page


def _plot(results: Results) -> str:
    cases = [case for case in results["livets"] if case.endswith(" 1000")]
    top = max(figures[case].latency_ms for figures in results.values() for case in cases if case in figures)
    bars = [
        (
            f"{case}: {name}",
            f"{figures[case].latency_ms:.1f} ms",
            round(480 * figures[case].latency_ms / top, 1),
            _COLOURS[name],
        )
        for case in cases
        for name, figures in results.items()
        if case in figures
    ]
    return _PLOT.render(title="Click to DOM, 1,000 rows (median)", bars=bars) + "\n"
