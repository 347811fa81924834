"""Where templates come from: directories and strings, compiled once and shared by all views.

It owns the Jinja2 environment and the cache of compiled templates, which is all that threads share here. It
never renders. The application makes one; views ask it.
"""

from __future__ import annotations

import difflib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.ext import Extension

from livets.errors import TemplateError
from livets.render.compiler import compile_template
from livets.render.environment import LiveEnvironment, Scope, scope_context
from livets.render.rendering import CompiledTemplate
from livets.render.values import Site

_log = logging.getLogger("livets")

_COMPILED: Final = 1000
"""Templates that are kept; views hold on to those that they show."""


class Templates:
    """The templates of an application.

    `directories`: where files are looked for, in order; `globals`, `filters` and `tests` are added to Jinja2's own;
    `extensions`: of Jinja2, such as "jinja2.ext.i18n", "jinja2.ext.do" and "jinja2.ext.loopcontrols".
    `reload`: notice files that were edited, for development; without it a file is read once. Autoescape is always on.
    """

    def __init__(
        self,
        directories: Sequence[Path | str] = (),
        *,
        globals: Mapping[str, Any] | None = None,
        filters: Mapping[str, Callable[..., Any]] | None = None,
        tests: Mapping[str, Callable[..., Any]] | None = None,
        extensions: Sequence[str | type[Extension]] = (),
        reload: bool = False,
        size: int = _COMPILED,
    ) -> None:
        loader = jinja2.FileSystemLoader([str(directory) for directory in directories]) if directories else None
        self.environment: jinja2.Environment = LiveEnvironment(
            loader=loader, autoescape=True, auto_reload=reload, extensions=extensions
        )
        self.environment.globals.update(globals or {})
        self.environment.filters.update(filters or {})
        self.environment.tests.update(tests or {})
        self.reload = reload
        self.size = size
        self._lock = threading.RLock()
        self._compiled: OrderedDict[tuple[str, str], CompiledTemplate] = OrderedDict()  # last used last
        self._sources: dict[str, str] = {}
        self._plain: dict[str, jinja2.Template] = {}

    def from_string(self, source: str, *, name: str = "<inline>") -> CompiledTemplate:
        """The template of a source text. Raises TemplateError.

        >>> Templates().from_string("<p>{{ count }}</p>").names
        frozenset({'count'})
        """
        with self._lock:
            found = self._compiled.get((name, source))
            if found is None or not self._is_current(found):
                return self._compile(name, source, frozenset())
            self._compiled.move_to_end((name, source))
            return found

    def render(self, source: str, scope: Scope, names: Mapping[str, Any], *, name: str = "<inline>") -> str:
        """Source rendered whole, by plain Jinja2; `names` come before those of the scope. Raises TemplateError.

        >>> from livets.render.environment import MappingScope
        >>> Templates().render("<p>{{ count }}</p>", MappingScope({"count": "<1>"}), {})
        '<p>&lt;1&gt;</p>'
        """
        template = self._plain.get(source)
        if template is None:
            try:
                template = self.environment.from_string(source)
            except jinja2.TemplateSyntaxError as error:
                raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
            if len(self._plain) >= self.size:
                self._plain.clear()
            self._plain[source] = template
        context = scope_context(self.environment, scope, names, name, template.blocks)
        return "".join(template.root_render_func(context))

    def get(self, name: str) -> CompiledTemplate:
        """The template of a file. Raises TemplateError when it is not there."""
        source = None if self.reload else self._sources.get(name)
        if source is None:
            source = self._sources[name] = self._read(name)
        return self.from_string(source, name=name)

    def promote(self, template: CompiledTemplate, site: Site) -> CompiledTemplate:
        """The same template compiled for one more thing that rendering has told; new views get it from now on."""
        with self._lock:
            found = self._compiled.get((template.name, template.source))
            promoted = template.promoted | {site}
            if found is not None and self._is_current(found):
                if found.promoted >= promoted:
                    return found
                promoted |= found.promoted
            return self._compile(template.name, template.source, promoted)

    def _read(self, name: str) -> str:
        if self.environment.loader is None:
            raise TemplateError(f"{name!r}: no template directory is set; give LiveTS(templates=...) one")
        try:
            return self.environment.loader.get_source(self.environment, name)[0]
        except jinja2.TemplateNotFound as error:
            raise TemplateError(self._missing(name)) from error

    def _missing(self, name: str) -> str:
        loader = self.environment.loader
        if not isinstance(loader, jinja2.FileSystemLoader):
            return f"the template {name!r} was not found; check its name"
        folders = ", ".join(str(Path(folder).resolve()) for folder in loader.searchpath)
        near = difflib.get_close_matches(name, loader.list_templates(), 1)
        hint = f"did you mean {near[0]!r}?" if near else "LiveTS(templates=...) names other folders"
        return f"the template {name!r} was not found; it was looked for in {folders}: {hint}"

    def _is_current(self, template: CompiledTemplate) -> bool:
        """False when a file that the template includes or extends was edited."""
        return not self.reload or all(is_current() for is_current in template.current)

    def _compile(self, name: str, source: str, promoted: frozenset[Site]) -> CompiledTemplate:
        found = compile_template(self.environment, name, source, promoted, self.promote)
        if not promoted:  # once, not again for each output that turns out to be markup
            for advice in found.advice:
                _log.warning("%s, line %d: %s", advice.file, advice.line, advice.message)
        self._compiled[name, source] = found
        self._compiled.move_to_end((name, source))
        while len(self._compiled) > self.size:
            self._compiled.popitem(last=False)
        return found
