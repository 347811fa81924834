"""What is done to the page, and how one sees in the browser that it is done. The same for every application."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One thing a person does. `done` is a JavaScript expression over `before`, what `note` gave before the click."""

    name: str
    click: str
    note: str
    done: str
    rows: tuple[int, ...] = (10, 1_000, 10_000)
    refill: bool = False
    """Does it change how many rows there are, so that they have to be made again?"""


_ROWS = "document.getElementById('rows')"


def _text(id: str) -> str:
    return f"document.getElementById('{id}').textContent"


OPERATIONS = (
    Operation("inc", "#inc", _text("count"), f"{_text('count')} === String(+before + 1)"),
    Operation(
        "cell",
        "#cell",
        f"{_ROWS}.children[500].children[1].textContent",
        f"{_ROWS}.children[500].children[1].textContent !== before",
        rows=(1_000, 10_000),
    ),
    Operation(
        "update",
        "#update",
        f"{_ROWS}.children[0].children[1].textContent",
        f"{_ROWS}.children[0].children[1].textContent !== before",
        rows=(1_000, 10_000),
    ),
    Operation(
        "swaprows",
        "#swaprows",
        f"{_ROWS}.children[1].id",
        f"{_ROWS}.children[1].id !== before && {_ROWS}.children[998].id === before",
        rows=(1_000, 10_000),
    ),
    Operation(
        "select",
        "#rows tr:nth-child(6):not(.danger) a.select, #rows tr:nth-child(7):not(.danger) a.select",
        f"{_ROWS}.querySelector('.danger')?.id",
        f"{_ROWS}.querySelectorAll('.danger').length === 1 && {_ROWS}.querySelector('.danger').id !== before",
    ),
    Operation(
        "remove",
        "#rows tr:nth-child(4) a.remove",
        f"{_ROWS}.children[3].id",
        "!document.getElementById(before)",
        rows=(1_000, 10_000),
    ),
    Operation(
        "run",
        "#run",
        f"{_ROWS}.firstElementChild?.id",
        f"{_ROWS}.children.length === 1000 && {_ROWS}.firstElementChild.id !== before",
        rows=(1_000,),
    ),
    Operation(
        "add",
        "#add",
        f"{_ROWS}.children.length",
        f"{_ROWS}.children.length === before + 1000",
        rows=(1_000,),
        refill=True,
    ),
    Operation("clear", "#clear", "0", f"{_ROWS}.children.length === 0", rows=(1_000,), refill=True),
    Operation("broadcast", "#broadcast", _text("shared"), f"{_text('shared')} !== before", rows=(1_000,)),
)
