"""transform.template: text from a Jinja2 template and a value."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.engine.sandbox.limits import Limits
from livets.flow.nodes.json_stringify import as_json

MAX_CHARACTERS = 10_000_000


class Template(Node):
    """Renders a Jinja2 template with the fields of the object `value` (anything else is called `value`).

    `template` names one that the program has granted. A `source` that stands in the workflow itself is a stranger's: it
    is rendered in the sandbox, in a process of its own, unless the program vouches for its workflows with
    Grants(trust_templates=True), which is faster. `html` escapes what is put in. A name that the value lacks fails with
    the kind "template".
    """

    type = "transform.template"

    class Config(msgspec.Struct):
        template: str = ""
        source: str = ""
        html: bool = False
        limits: Limits | None = None

        def __post_init__(self) -> None:
            if bool(self.template) == bool(self.source):
                raise ValueError("give template (a granted name) or source, one of the two")

    class Inputs(msgspec.Struct):
        value: Any = {}

    class Outputs(msgspec.Struct):
        out: str

    async def initialize(self) -> None:
        self._template: Any = None

    async def execute(self, ctx: NodeContext) -> Any:
        from jinja2 import TemplateError

        value = ctx.inputs["value"]
        value = value if isinstance(value, dict) else {"value": value}
        if self.config.source and not self.grants.trust_templates:
            return await self._of_a_stranger(value)
        if self._template is None:
            self._template = self._compiled()
        try:
            return await asyncio.to_thread(_render, self._template, value)
        except NodeError:
            raise
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise NodeError(f"the template failed: {error}", "template", retryable=False) from None

    async def _of_a_stranger(self, values: dict[str, Any]) -> Any:
        config = self.config
        job = {
            "source": config.source,
            "html": config.html,
            "values": as_json(values),
            "max_characters": MAX_CHARACTERS,
        }
        return (await self.grants.sandbox.call("template", job, limits=config.limits))[0]

    def _compiled(self) -> Any:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        config = self.config
        source = config.source or self.grants.template(config.template)
        environment = ImmutableSandboxedEnvironment(
            autoescape=config.html, undefined=StrictUndefined, keep_trailing_newline=True
        )
        try:
            return environment.from_string(source)
        except TemplateError as error:
            raise NodeError(f"the template cannot be read: {error}", "template", retryable=False) from None


def _render(template: Any, value: dict[str, Any]) -> str:
    parts, size = [], 0
    for part in template.generate(value):
        size += len(part)
        if size > MAX_CHARACTERS:
            raise NodeError(f"the text has more than {MAX_CHARACTERS} characters", "limit", retryable=False)
        parts.append(part)
    return "".join(parts)
