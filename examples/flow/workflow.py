"""The workflow: for each shop's file read, parse and check; then totals three ways, an approval, a report.

Most is done by nodes that livets brings, the rest by functions. Files are read below `data/`, and written below the
folder that `grants` names: nodes can touch nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from livets.engine.errors import NodeError
from livets.engine.retry import RetryPolicy
from livets.flow import FileRoot, Flow, Grants

DATA = Path(__file__).parent / "data"
REPORT = """# Sales of the week

{{ total.pieces }} pieces for {{ "%.2f" | format(total.cents / 100) }} francs.
{% for heading, rows in [("Products", products), ("Shops", shops), ("Days", days)] %}
## {{ heading }}

| | pieces | francs |
|---|---:|---:|
{% for row in rows -%}
| {{ row.name }} | {{ row.pieces }} | {{ "%.2f" | format(row.cents / 100) }} |
{% endfor %}{% endfor %}
Approved by {{ decision.by or "somebody" }}{% if decision.comment %}: {{ decision.comment }}{% endif %}
"""


def grants(folder: str | Path) -> Grants:
    """What the workflow may touch: the data to read, `folder` to write, one template."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Grants(files={"data": DATA, "reports": FileRoot(Path(folder), writable=True)}, templates={"report": REPORT})


def shops() -> list[str]:
    """The shops whose sales are there."""
    return sorted(path.stem for path in DATA.glob("*.csv"))


def priced(rows: list[Any], shop: str) -> list[Any]:
    """Each row with its shop and what it came to. Raises NodeError for a row that cannot be."""
    for number, row in enumerate(rows, 2):
        if row["pieces"] < 1:
            raise NodeError(f"{shop}.csv, line {number}: {row['pieces']} pieces", "data", retryable=False)
    return [
        {"shop": shop, "day": row["day"], "product": row["product"], "pieces": row["pieces"],
         "cents": row["pieces"] * row["cents"]}
        for row in rows
    ]  # fmt: skip


def flattened(lists: list[Any]) -> list[Any]:
    """One list of several."""
    return [item for one in lists for item in one]


def one_shop(pace_s: float) -> Flow:
    """What is done for each shop; `pace_s` seconds go by before each file, as if it came from far away."""
    flow = Flow("one_shop")
    shop = flow.input("item", str)
    arrived = flow.add("time.delay", id="fetch", config={"seconds": pace_s}, value=shop)
    name = flow.add(lambda shop: f"{shop}.csv", id="name")
    read = flow.add("file.read", id="read", config={"root": "data"})
    parse = flow.add("transform.csv_parse", id="parse", config={"kinds": {"pieces": "Int", "cents": "Int"}})
    price = flow.add(priced, id="price", shop=shop)
    arrived >> name >> read >> parse
    flow.connect(parse, price["rows"])
    flow.output("rows", price)
    return flow


def weekly_sales(pace_s: float = 1.0) -> Flow:
    """Return the workflow."""
    flow = Flow("weekly_sales", max_parallel=8)
    found = flow.add(shops, id="shops")
    each = flow.add("flow.map", id="each_shop", config={"workflow": flow.define(one_shop(pace_s)), "concurrency": 3})
    flow.connect(found, each["items"])
    rows = flow.add(flattened, id="rows", lists=each["out"])
    whole = flow.add("flow.merge", id="figures", config={"mode": "object"})
    for id, by, order in (("products", "product", "-cents"), ("shops_total", "shop", "-cents"), ("days", "day", "day")):
        sums = {"pieces": {"function": "sum", "path": "pieces"}, "cents": {"function": "sum", "path": "cents"}}
        summed = flow.add("transform.aggregate", id=id, config={"by": [by], "measures": sums}, items=rows)
        ordered = flow.add("transform.sort", id=f"{id}_sorted", config={"by": [order]}, items=summed)
        flow.connect(ordered, whole["in"])
    figures = flow.add(summary, id="summary", figures=whole)
    ask = flow.add("flow.approval", id="approve", config={"prompt": "Shall this report be written?"}, value=figures)
    ready = flow.add("flow.merge", id="signed", config={"mode": "combine"})
    flow.connect(ask["approved"], ready["in"])
    flow.connect(
        flow.add(lambda decision: {"decision": decision}, id="decision", decision=ask["decision"]), ready["in"]
    )
    report = flow.add("transform.template", id="report", config={"template": "report"}, value=ready)
    written = flow.add("file.write", id="write", config={"root": "reports"}, path="report.md", content=report)
    flow.set(written, retry=RetryPolicy(max_attempts=3, delay_ms=500))
    flow.connect(ask["rejected"], flow.add("debug.log", id="dismissed", config={"message": "not written"}))
    flow.output("path", written["path"])
    return flow


def summary(figures: dict[str, Any]) -> dict[str, Any]:
    """The three lists under their names, and what all came to."""
    products, by_shop, days = (figures[f"{id}_sorted"] for id in ("products", "shops_total", "days"))
    total = {key: sum(row[key] for row in products) for key in ("pieces", "cents")}
    named = {"products": (products, "product"), "shops": (by_shop, "shop"), "days": (days, "day")}
    lists = {
        name: [{"name": row[by], "pieces": row["pieces"], "cents": row["cents"]} for row in rows]
        for name, (rows, by) in named.items()
    }
    return {"total": total, **lists}
