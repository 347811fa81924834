"""Shows edited templates and style sheets in open pages without starting anything again.

Owns the decision what an edited file means: a style sheet is swapped, views whose template it is part of move to the
new one with their state, a layout loads its pages again. A template that can't be compiled is shown as a failure, and
pages stay as they are. Development only. Called by `livets dev` on the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from livets.errors import TemplateError
from livets.live.display import compile_template
from livets.transport.development import DevChannel, Failure
from livets.transport.layout import Layouts
from livets.transport.resident import Resident
from livets.transport.worker import Worker


class Refresher:
    """What `livets dev` tells of changed files."""

    def __init__(self, worker: Worker, layouts: Layouts, channel: DevChannel) -> None:
        self._worker = worker
        self._layouts = layouts
        self._channel = channel

    def changed(self, paths: Sequence[Path]) -> None:
        """These files were edited, made or removed."""
        config = self._worker.config
        names = {name for path in paths for folder in config.templates if (name := _inside(path, folder))}
        assets = [path for path in paths if config.static is not None and _inside(path, config.static)]
        styles = [path.name for path in assets if path.suffix == ".css"]
        if styles:
            self._channel.tell("styles", names=styles)
        if len(assets) > len(styles) or names & self._layouts.read:
            self._channel.tell("reload")
        elif names:
            self._templates(names)

    def _templates(self, names: set[str]) -> None:
        """Move the views that show one of these templates, unless it has a mistake."""
        residents = [resident for resident in self._worker.registry if _shows(resident, names)]
        try:
            for view_class in {type(resident.runner.view) for resident in residents}:
                compile_template(view_class, self._worker.templates)
        except TemplateError as error:
            self._channel.fail(Failure("TemplateError", str(error)))
            return
        self._channel.fail(None)
        for resident in residents:
            self._move(resident)
        self._channel.tell("refresh")

    def _move(self, resident: Resident) -> None:
        """Put the view to rest; its page comes back for it, and gets it with the new template."""
        if resident.page is not None:
            resident.page.channel.move()
            resident.page.channel.close(1012, "the template has changed")
        self._worker.registry.let_go(resident)


def _inside(path: Path, folder: Path) -> str:
    """The path below `folder`, as templates are named; empty when it is not there."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return ""


def _shows(resident: Resident, names: set[str]) -> bool:
    template = getattr(resident.runner.rendering, "template", None)
    return template is not None and (template.name in names or not template.templates.isdisjoint(names))
