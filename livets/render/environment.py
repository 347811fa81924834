"""The Jinja2 environment of live templates, and the bridge from a view's scope to Jinja2's contexts.

It owns how a name is looked up: first the scope, then the globals. The compiler and the opaque slots use
it. It never renders, never compares, and knows nothing of HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jinja2
from jinja2.runtime import Context
from jinja2.utils import missing

from livets.errors import ConfigError
from livets.render import alternatives, choices, directives, directives_values, guards
from livets.render.guarding import guarded


class Scope(Protocol):
    """Where a template's names come from: a view's fields."""

    def resolve(self, name: str) -> Any:
        """The value of a name, or `jinja2.runtime.missing`."""


class MappingScope:
    """A scope over a plain mapping, for tests and for rendering without a view.

    >>> MappingScope({"count": 1}).resolve("count")
    1
    """

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def resolve(self, name: str) -> Any:
        """The value of a name, or `missing`."""
        return self.values.get(name, missing)


class _ScopeVars(dict[str, Any]):
    """What `Context.get_all` hands to an included template: locals, with the scope behind them."""

    scope: Scope | None = None


class ScopeContext(Context):
    """A Jinja2 context that asks a scope instead of holding a dict of everything."""

    scope: Scope

    def resolve_or_missing(self, key: str) -> Any:
        """A name set by the template, then the scope, then the globals."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        value = self.scope.resolve(key)
        return self.environment.globals.get(key, missing) if value is missing else value

    def get_all(self) -> dict[str, Any]:
        """Everything the template has set, with the scope riding along."""
        everything = _ScopeVars(self.parent)
        everything.update(self.vars)
        everything.scope = self.scope
        return everything

    def derived(self, locals: dict[str, Any] | None = None) -> Context:
        """A context of its own for the same scope."""
        names = self.get_all()
        names.update((key, value) for key, value in (locals or {}).items() if value is not missing)
        context = scope_context(self.environment, self.scope, names, self.name)
        context.eval_ctx = self.eval_ctx
        context.blocks.update((name, list(functions)) for name, functions in self.blocks.items())
        return context

    def __contains__(self, name: str) -> bool:
        return self.resolve_or_missing(name) is not missing


def scope_context(
    environment: jinja2.Environment,
    scope: Scope,
    names: Mapping[str, Any],
    template: str | None,
    blocks: dict[str, Callable[..., Any]] | None = None,
) -> ScopeContext:
    """A context over `scope`; `names` come before it."""
    context = ScopeContext(environment, dict(names), template, blocks or {})
    context.scope = scope
    return context


class _LiveTemplate(jinja2.Template):
    """A template that keeps the scope when another one includes it."""

    def new_context(
        self, vars: dict[str, Any] | None = None, shared: bool = False, locals: Mapping[str, Any] | None = None
    ) -> Context:
        if isinstance(vars, _ScopeVars) and vars.scope is not None:
            names = dict(vars)
            names.update((key, value) for key, value in (locals or {}).items() if value is not missing)
            return scope_context(self.environment, vars.scope, names, self.name, self.blocks)
        return super().new_context(vars, shared, locals)


class LiveEnvironment(jinja2.Environment):
    """A Jinja2 environment that knows directives, and whose templates can render from a scope."""

    template_class = _LiveTemplate
    edits = True
    """Do HTML slots send edits (docs/protocol.md)? False sends their HTML whole."""

    def __init__(self, **options: Any) -> None:
        if options.get("enable_async"):
            raise ConfigError(
                "templates of livets are not async: enable_async would make each expression wait while the view is "
                "rendered; await in mount or in the handler, and give the template the result"
            )
        super().__init__(**options)
        self.filters.update(directives_values.FILTERS | guards.FILTERS | choices.FILTERS | alternatives.FILTERS)

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """The source as Jinja2 reads it: what extensions make of it, without directives, unsafe places guarded."""
        name = name or "<inline>"
        return guarded(directives.expand(super().preprocess(source, name, filename), self, name), self, name)
