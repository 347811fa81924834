"""Source to CompiledTemplate: link, build, generate, fingerprint. Once per template and set of promoted outputs.

It owns the order of these steps and the result that all views share. It never renders; a Rendering does.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec

from livets.errors import TemplateError
from livets.render.blocks import Block
from livets.render.builder import Context, Unbalanced, build
from livets.render.generator import Module
from livets.render.items import Opaque
from livets.render.linking import Linker
from livets.render.names import Names
from livets.render.places import Frame
from livets.render.plans import BlockPlan
from livets.wire import limits

if TYPE_CHECKING:
    from livets.render.rendering import Rendering
    from livets.render.templates import Templates


class CompiledTemplate:
    """A template as shared blocks of statics and slots; nothing in it belongs to one view."""

    def __init__(self, templates: Templates, name: str, source: str, promoted: frozenset[int]) -> None:
        self.name = name
        self.source = source
        self.promoted = promoted
        """Outputs that turned out to be markup and are HTML slots now."""
        self.templates: frozenset[str] = frozenset()
        """Names of the other templates that were read to compile this one."""
        self._owner = templates
        context = Context(templates.environment, name, promoted)
        try:
            plan = self._plan(templates.environment, context)
            module = Module(templates.environment, name)
            self.root: Block = module.block(plan, live=True)
            module.finish()
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
        self.shape: list[Any] = _numbered(plan)
        """What the browser must know (docs/protocol.md)."""
        self.fingerprint: str = fingerprint(self.shape)
        """Names the shape in every process."""
        self.names: frozenset[str] = self.root.reads
        """Top-level names that the template reads."""
        self.models: frozenset[str] = frozenset(context.findings.models)
        """Fields bound by ts-model."""
        self.handlers: frozenset[str] = frozenset(context.findings.handlers)
        """Handlers named in ts-on:* attributes."""
        self.opaque: list[tuple[int, str]] = sorted(set(context.findings.opaque))
        """(line, reason) of the regions that are rendered whole."""

    def _plan(self, environment: jinja2.Environment, context: Context) -> BlockPlan:
        program = Linker(environment, self.name).link(self.source)
        self.templates = frozenset(program.templates)
        items = program.items
        if program.unfit is not None:
            lineno, reason = program.unfit
            body = environment._parse(self.source, self.name, None).body
            items = [Opaque([], body, lineno, f"the whole template: {reason}", whole=True)]
        around = Frame("div", -1, "", "div")
        try:
            return build(context, items, Names(), around, root=True)
        except Unbalanced as error:
            raise TemplateError(f"{self.name}: {error}; every element has to be closed where it was opened") from error

    def promote(self, site: int) -> CompiledTemplate:
        """The template with one more output as an HTML slot."""
        return self._owner.promote(self, site)

    def start(self) -> Rendering:
        """A rendering for one view."""
        from livets.render.rendering import Rendering

        return Rendering(self)


def fingerprint(shape: list[Any]) -> str:
    """16 hex digits that name a shape, the same in every process."""
    text = msgspec.json.encode([limits.PROTOCOL_VERSION, shape])
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def _numbered(plan: BlockPlan) -> list[Any]:
    """The shape: an array of blocks of which the first is the root."""
    return [plan.description()]
