"""Where templates come from: directories and strings, compiled once and shared by all views.

It owns the Jinja2 environment and the cache of compiled templates, which is all that threads share here. It
never renders. The application makes one; views ask it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from livets.errors import TemplateError
from livets.render.compiler import CompiledTemplate
from livets.render.environment import LiveEnvironment


class Templates:
    """The templates of an application.

    `directories`: where files are looked for, in order; `globals` and `filters` are added to Jinja2's own.
    Autoescape is always on.
    """

    def __init__(
        self,
        directories: Sequence[Path | str] = (),
        *,
        globals: Mapping[str, Any] | None = None,
        filters: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        loader = jinja2.FileSystemLoader([str(directory) for directory in directories]) if directories else None
        self.environment: jinja2.Environment = LiveEnvironment(loader=loader, autoescape=True)
        self.environment.globals.update(globals or {})
        self.environment.filters.update(filters or {})
        self._lock = threading.RLock()
        self._newest: dict[tuple[str, str], CompiledTemplate] = {}
        self._compiled: dict[tuple[str, str, frozenset[int]], CompiledTemplate] = {}

    def from_string(self, source: str, *, name: str = "<inline>") -> CompiledTemplate:
        """The template of a source text. Raises TemplateError.

        >>> Templates().from_string("<p>{{ count }}</p>").names
        frozenset({'count'})
        """
        found = self._newest.get((name, source))
        return found if found is not None else self._compile(name, source, frozenset())

    def get(self, name: str) -> CompiledTemplate:
        """The template of a file. Raises TemplateError when it is not there."""
        if self.environment.loader is None:
            raise TemplateError(f"{name!r}: no template directory is set; give LiveTS(templates=...) one")
        try:
            source, _, _ = self.environment.loader.get_source(self.environment, name)
        except jinja2.TemplateNotFound as error:
            raise TemplateError(
                f"the template {name!r} was not found; check the name and the template directories"
            ) from error
        return self.from_string(source, name=name)

    def promote(self, template: CompiledTemplate, site: int) -> CompiledTemplate:
        """The same template with one more output as HTML; new views get it from now on."""
        return self._compile(template.name, template.source, template.promoted | {site})

    def _compile(self, name: str, source: str, promoted: frozenset[int]) -> CompiledTemplate:
        with self._lock:
            key = (name, source, promoted)
            found = self._compiled.get(key)
            if found is None:
                found = self._compiled[key] = CompiledTemplate(self, name, source, promoted)
            newest = self._newest.get((name, source))
            if newest is None or len(newest.promoted) <= len(promoted):
                self._newest[name, source] = found
            return found
