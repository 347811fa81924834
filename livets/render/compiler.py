"""Source to CompiledTemplate: link, build, generate, fingerprint. Once per template and set of promoted outputs.

It owns the order of these steps. It never renders; a Rendering does.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import jinja2
import msgspec

from livets.errors import TemplateError
from livets.render.attempts import build
from livets.render.blocks import Block
from livets.render.draft import Frame
from livets.render.faults import Unbalanced
from livets.render.generator import Module
from livets.render.items import Opaque, Program
from livets.render.linking import Linker
from livets.render.names import Names
from livets.render.plans import BlockPlan, Context
from livets.render.rendering import CompiledTemplate
from livets.render.values import Site
from livets.wire import limits

_log = logging.getLogger("livets")


def compile_template(
    environment: jinja2.Environment,
    name: str,
    source: str,
    promoted: frozenset[Site],
    again: Callable[[CompiledTemplate, Site], CompiledTemplate],
) -> CompiledTemplate:
    """The template of a source; `again` compiles it with one more thing that rendering told. Raises TemplateError."""
    program = Linker(environment, name, promoted).link(source)
    context = Context(environment, name, promoted, program.changers)
    try:
        plan, root = _blocks(context, source, program)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
    except TemplateError:
        raise
    except Exception as error:  # a fault of the compiler: Jinja2 can still render it, as a whole
        _log.warning("%s: livets could not split this template, please report it", name, exc_info=True)
        program.unfit = 1, f"{type(error).__name__} in livets: {error}"
        context = Context(environment, name, promoted, program.changers)
        plan, root = _blocks(context, source, program)
    shape = [plan.description()]
    findings = context.findings
    return CompiledTemplate(
        name=name,
        source=source,
        promoted=promoted,
        root=root,
        shape=shape,
        fingerprint=fingerprint(shape),
        names=root.reads,
        models=frozenset(findings.models),
        handlers=frozenset(findings.handlers),
        opaque=sorted(set(findings.opaque)),
        advice=sorted(findings.advice),
        templates=frozenset(program.templates),
        current=tuple(program.templates.values()),
        again=again,
    )


def _blocks(context: Context, source: str, program: Program) -> tuple[BlockPlan, Block]:
    plan = _plan(context, source, program)
    module = Module(context.environment, context.name)
    root = module.block(plan, live=True)
    module.finish()
    return plan, root


def _plan(context: Context, source: str, program: Program) -> BlockPlan:
    items = program.items
    if program.unfit is not None:
        lineno, reason = program.unfit
        body = context.environment._parse(source, context.name, None).body
        items = [Opaque([], body, lineno, f"the whole template: {reason}", whole=True)]
    try:
        return build(context, items, Names(), Frame("div", -1, "", "div"), root=True)
    except Unbalanced as error:
        raise TemplateError(f"{context.name}: {error}; every element has to be closed where it was opened") from error


def fingerprint(shape: list[Any]) -> str:
    """16 hex digits that name a shape, the same in every process."""
    text = msgspec.json.encode([limits.PROTOCOL_VERSION, shape])
    return hashlib.blake2b(text, digest_size=8).hexdigest()
