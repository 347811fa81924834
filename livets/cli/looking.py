"""Which templates of an application there are, and what is wrong in them.

Owns the way from a LiveTS to findings; the rules are in `lint`. Prints nothing. Called by `check`, and by the process
that `livets dev` starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from livets.app import LiveTS
from livets.cli.lint import Finding, Source, check_names, check_source, shown_by
from livets.cli.lint.layouts import incomplete
from livets.cli.lint.views import from_file, place_of
from livets.errors import LivetsError
from livets.live import LiveView
from livets.live.display import compile_template
from livets.render import Templates
from livets.transport.layout import DEFAULT, SOURCE

_SUFFIXES = frozenset([".html", ".htm", ".jinja", ".jinja2", ".j2"])
_PLACE = re.compile(r"(.+?), line (\d+): ", re.DOTALL)
"""How messages of the compiler begin."""


class Looked:
    """One application's templates, and what was found in them."""

    def __init__(self, live: LiveTS) -> None:
        self._live = live
        self._templates = live.worker.templates
        self._views = sorted(_views(live), key=lambda view: (view.__module__, view.__qualname__))
        self._chosen: list[type[LiveView]] = []
        self.findings: list[Finding] = []

    def look(self, wanted: list[Path]) -> int:
        """Check what is in these files or folders (everything when there are none); how many templates that was."""
        sources: dict[tuple[str, str], tuple[Source, list[type[LiveView]]]] = {}
        for view in self._views:
            for shown in shown_by(view, self._templates):
                place = (shown.source.file, shown.source.name)
                if _is_wanted(shown.source.file, wanted):
                    sources.setdefault(place, (shown.source, []))[1].append(view)
                    if shown.is_main:
                        self._chosen.append(view)
        for source in _others(self._templates, self._live.config.templates):
            if _is_wanted(source.file, wanted):
                sources.setdefault((source.file, source.name), (source, []))
        for source, views in sources.values():
            self.findings += check_source(source, views)
        for view in self._views if not wanted else self._chosen:
            self._compile(view)
        self.findings += [found for found in self._layouts() if _is_wanted(found.file, wanted)]
        return len(sources)

    def reports(self) -> Iterator[dict[str, Any]]:
        """What each view's template is made of."""
        for view in self._chosen:
            try:
                template = compile_template(view, self._templates)
            except LivetsError:
                continue  # said already
            parts = getattr(template, "opaque", [])
            yield {
                "view": view.__qualname__,
                "template": view.template_name or "inline",
                "slots": _count(getattr(template, "shape", [])),
                "opaque": [
                    {"file": part.file, "line": part.line, "reason": part.reason, "hint": part.hint} for part in parts
                ],
                "advice": [{"file": note.file, "line": note.line, "message": note.message} for note in template.advice],
            }

    def _layouts(self) -> Iterator[Finding]:
        """What the layouts of the views leave out."""
        names = {view.layout or self._live.config.layout or DEFAULT: view for view in reversed(self._views)}
        for name, view in sorted(names.items()):
            layout = self._layout(name)
            if layout is not None:
                yield from incomplete(layout, self._layout)
            elif view.layout:
                file, line = place_of(view, "layout")
                places = ", ".join(str(folder) for folder in self._live.config.templates)
                yield Finding(file, line, "layout", f"there is no layout {name!r}", f"it is looked for in {places}")

    def _layout(self, name: str) -> Source | None:
        if name == DEFAULT:
            return Source(self._templates.environment, DEFAULT, SOURCE, DEFAULT)
        return from_file(name, self._templates)

    def _compile(self, view: type[LiveView]) -> None:
        """A template that can't be compiled is a finding, and so is a name in it that the view does not have."""
        if not (view.template or view.template_name):
            return
        sources = [shown.source for shown in shown_by(view, self._templates)]
        try:
            template = compile_template(view, self._templates)
        except LivetsError as error:
            self.findings.append(_uncompiled(view, sources, str(error)))
        else:
            self.findings += check_names(view, sources, template)


def _views(live: LiveTS) -> set[type[LiveView]]:
    """The views with a path, and every other one that the program has defined and that shows something."""
    found = {route.view_class for route in live.worker.routes}
    waiting: list[type[LiveView]] = LiveView.__subclasses__()
    while waiting:
        view = waiting.pop()
        waiting += view.__subclasses__()
        if not view.__module__.startswith("livets.") and (view.template or view.template_name):
            found.add(view)
    return found


def _others(templates: Templates, folders: Iterable[Path]) -> Iterator[Source]:
    """Files in the template folders, layouts among them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                source = from_file(path.relative_to(folder).as_posix(), templates)
                if source is not None:
                    yield source


def _is_wanted(file: str, wanted: list[Path]) -> bool:
    path = Path(file).resolve()
    return not wanted or any(path == each or path.is_relative_to(each) for each in wanted)


def _uncompiled(view: type[LiveView], sources: list[Source], message: str) -> Finding:
    """What the compiler says, at the line that it means."""
    said = _PLACE.match(message)
    source = next((each for each in sources if said is not None and each.name == said[1]), None)
    if said is not None and source is not None:
        return Finding(source.file, source.first_line + int(said[2]) - 1, "template", message[said.end() :])
    if sources:
        return Finding(sources[0].file, sources[0].first_line, "template", message)
    file, line = place_of(view, "template_name")
    return Finding(file, line, "template", message)


def _count(shape: list[Any]) -> int:
    """Slots of a shape, those inside branches and rows included (docs/protocol.md)."""
    total = 0
    for block in shape:
        for slot in block[1]:
            inner = slot[2] if slot[0] == 4 else [slot[2]] if slot[0] == 5 else []
            total += 1 + _count(inner)
    return total
