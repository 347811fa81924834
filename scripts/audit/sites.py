"""The sites that are audited: the demo, the three scaffolds, a program with mistakes, and the examples of the docs.

Each is served by `livets dev` and by `livets run`, as a process of its own with files of its own. Called by `__main__`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from livets.cli.new import SCAFFOLDS
from scripts.audit import handbook
from tests.support.command import Command

MODES = ("dev", "run")


@dataclass(frozen=True)
class Site:
    """A site that can be served: `app` as the command line names it (none: the project's own), in `folder`."""

    name: str
    folder: Path
    app: str | None = None
    page: str = ""
    """The page of the docs whose examples it serves."""

    @contextlib.contextmanager
    def serving(self, mode: str) -> Iterator[Command]:
        """Serve it by `livets dev` or `livets run` until the block ends."""
        files = {"TODO_DB": f"{self.folder}/{mode}.todo", "CHAT_DB": f"{self.folder}/{mode}.chat"}
        flow = {"FLOW_FOLDER": f"{self.folder}/{mode}.flow", "FLOW_PACE_S": "0"}
        env = {**files, **flow, handbook.PAGE: self.page}
        with Command(mode, *([self.app] if self.app else []), "--port", "0", folder=self.folder, env=env) as command:
            command.says(r"Ctrl\+C|startup complete")
            yield command


def sites(folder: Path) -> list[Site]:
    """All of them; the scaffolds are made in `folder`."""
    made = [Site("demo", folder, "examples.demo:app"), Site("broken", folder, "scripts.audit.broken:app")]
    for name in SCAFFOLDS:
        with Command("new", f"my-{name}", "--template", name, folder=folder) as new:
            assert new.wait() == 0, new.output
        made.append(Site(f"new-{name}", folder / f"my-{name}"))
    for page in handbook.PAGES:
        name = "docs-" + Path(page).stem.lower()
        (folder / name).mkdir()
        made.append(Site(name, folder / name, "scripts.audit.handbook:app", page))
    return made
