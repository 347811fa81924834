"""A tiny renderer with the interface of `livets.render`: one HTML slot that shows the whole template."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.runtime import missing


class StandInPatch:
    shared = None

    def __init__(self, rendering: StandInRendering, html: str, diff: list[Any]) -> None:
        self._rendering, self._html, self.diff = rendering, html, diff

    def commit(self) -> None:
        self._rendering.shown = self._html


class StandInTemplate:
    def __init__(self, environment: jinja2.Environment, source: str, name: str) -> None:
        self.source = source
        self.name = name
        self.fingerprint = hashlib.blake2b(source.encode(), digest_size=8).hexdigest()
        self.shape: list[Any] = [["<!--[--><!--]-->", [[3, [0]]]]]
        self.names = frozenset(meta.find_undeclared_variables(environment.parse(source)))
        self.models = frozenset(re.findall(r'ts-model="(\w+)"', source))
        self.compiled = environment.from_string(source)

    def line_at(self, path: list[tuple[int, str]]) -> str:
        return f"line 1 of {self.name}"

    def start(self) -> StandInRendering:
        return StandInRendering(self)


class StandInRendering:
    def __init__(self, template: StandInTemplate) -> None:
        self.template = template
        self.shown = ""
        self.calls: list[tuple[set[str], set[str]]] = []

    def _render(self, scope: Any) -> str:
        values = {name: scope.resolve(name) for name in self.template.names}
        return self.template.compiled.render({name: value for name, value in values.items() if value is not missing})

    def html(self, scope: Any) -> str:
        self.shown = self._render(scope)
        return f"<!--[-->{self.shown}<!--]-->"

    def diff(
        self, scope: Any, dirty: Collection[str], forced: Collection[str] = (), *, shared: bool = False
    ) -> StandInPatch:
        self.calls.append((set(dirty), set(forced)))
        if not (set(dirty) | set(forced)) & self.template.names:
            return StandInPatch(self, self.shown, [])
        html = self._render(scope)
        changed = html != self.shown or bool(set(forced) & self.template.models)
        return StandInPatch(self, html, [0, html] if changed else [])

    def fill(self, scope: Any) -> StandInPatch:
        html = self._render(scope)
        return StandInPatch(self, html, [-10, [html]])

    def reshape(self, scope: Any) -> StandInPatch:
        html = self._render(scope)
        return StandInPatch(self, html, [-13, [self.template.fingerprint, self.template.shape], -9, [[], [html]]])

    def block(self, scope: Any, address: list[Any]) -> list[Any]:
        if address:
            raise LookupError(address)
        return [self._render(scope)]


class StandInTemplates:
    def __init__(self, files: dict[str, str] | None = None) -> None:
        self.environment = jinja2.Environment(autoescape=True, undefined=jinja2.Undefined)
        self.files = files or {}
        self.cache: dict[str, StandInTemplate] = {}

    def from_string(self, source: str, *, name: str = "<inline>") -> StandInTemplate:
        if source not in self.cache:
            self.cache[source] = StandInTemplate(self.environment, source, name)
        return self.cache[source]

    def get(self, name: str) -> StandInTemplate:
        return self.from_string(self.files[name], name=name)
