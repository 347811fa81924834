"""How a person fills in a form by the names of its controls, and submits it.

Owns what a value means for each kind of control. What happens at each step is the engine's business, whichever shows
the page. Called by `page`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from livets.mirror.nodes import Node, tag_of
from livets.testing.controls import is_toggle, value_of
from livets.testing.engine import Engine
from livets.testing.errors import NotPossible
from livets.testing.forms import controls_of, is_submit_button, kind_of
from livets.testing.queries import page_html


async def submit(engine: Engine, form: Node, data: Mapping[str, Any]) -> None:
    """Fill in `data` and submit, by the form's first button if it has one. Raises NotPossible."""
    if form.tag != "form":
        raise NotPossible(f"submit() is for a <form>, not for {tag_of(form)}")
    document = engine.document
    for name, value in data.items():
        named = [each for each in controls_of(document, form) if each.attributes.get("name") == name]
        await _fill_in(engine, form, name, named, value)
    buttons = [each for each in controls_of(engine.document, form) if is_submit_button(each)]
    if buttons:
        await engine.act("click", buttons[0])
    else:
        await engine.act("submit", form)


async def _fill_in(engine: Engine, form: Node, name: str, named: list[Node], value: Any) -> None:
    if not named:
        raise NotPossible(f"{tag_of(form)} has no control named {name!r}.\n{page_html(engine.document)}")
    if kind_of(named[0]) == "radio":
        fitting = [each for each in named if value_of(each) == str(value)]
        if not fitting:
            raise NotPossible(f"no radio button {name!r} has the value {value!r}")
        await engine.act("set_checked", fitting[0], True)
    elif is_toggle(named[0]):
        await engine.act("set_checked", named[0], bool(value))
    elif named[0].tag == "select":
        await engine.act("choose", named[0], [str(each) for each in (value if isinstance(value, list) else [value])])
    else:
        await engine.act("fill", named[0], str(value))
