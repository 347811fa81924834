"""transform.template: text from a Jinja2 template and a value."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node

MAX_CHARACTERS = 10_000_000


class Template(Node):
    """Renders a Jinja2 template with the fields of the object `value` (anything else is called `value`).

    `template` names one that the program has granted. A `source` that stands in the workflow itself is rendered only
    when the program vouches for its workflows (Grants(trust_templates=True)): the process that is to render sources of
    strangers is not there yet, and rendering them in this one is refused. `html` escapes what is put in. A name that
    the value lacks fails with the kind "template".
    """

    type = "transform.template"

    class Config(msgspec.Struct):
        template: str = ""
        source: str = ""
        html: bool = False

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
        if self._template is None:
            self._template = self._compiled()
        try:
            return await asyncio.to_thread(
                _render, self._template, value if isinstance(value, dict) else {"value": value}
            )
        except NodeError:
            raise
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise NodeError(f"the template failed: {error}", "template", retryable=False) from None

    def _compiled(self) -> Any:
        from jinja2 import StrictUndefined, TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        config = self.config
        if config.source and not self.grants.trust_templates:
            message = (
                "this template's source came with the workflow, and sources of strangers are not rendered in this "
                "process: grant it by name, Grants(templates={...}), or vouch for your workflows, "
                "Grants(trust_templates=True)"
            )
            raise NodeError(message, "forbidden", retryable=False)
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
