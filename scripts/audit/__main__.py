"""`python -m scripts.audit [--site NAME] [--pictures FOLDER]`: is every page valid HTML, and open to everybody?

Serves the demo, the scaffolds, a program with mistakes and the docs' examples by `livets dev` and `livets run`; brings
each page into each of its states in Chromium; gives the HTML as it was served and the DOM as it is then to the Nu Html
Checker, and the page, in several looks, to axe-core. Exit code 0: nothing was found. Needs Java and `npm ci` in this
folder (`make audit` does that). docs/testing.md tells more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from scripts.audit import markup
from scripts.audit.barriers import LOOKS, barriers, hidden_focus, look
from scripts.audit.scenes import SCENES, Scene
from scripts.audit.sites import MODES, Site, sites
from tests.support.browser import ARGUMENTS, binary
from tests.support.command import Command

HTML = {"Accept": "text/html"}


class Audit:
    """What is found, by the page it was found on."""

    def __init__(self, browser: Browser, html: Path, pictures: Path | None) -> None:
        self.browser = browser
        self.html = html
        self.pictures = pictures
        self.found: dict[str, list[str]] = {}
        self.pages = 0
        self.looks = 0

    def site(self, site: Site, mode: str) -> None:
        """All scenes of a site."""
        with site.serving(mode) as server:
            for scene in SCENES[site.name]:
                self._served(f"{site.name}.{mode}.{scene.name.strip('/') or 'root'}", scene, server)
                self._shown(f"{site.name}.{mode}.{scene.name.strip('/') or 'root'}", scene, server, mode)

    def _served(self, name: str, scene: Scene, server: Command) -> None:
        answer = httpx.get(server.url + scene.path, headers=HTML, follow_redirects=True)
        if answer.status_code != scene.status:
            self._tell(name, [f"status {answer.status_code} instead of {scene.status}"])
        (self.html / f"{name.replace('/', '-')}.served.html").write_text(answer.text)

    def _shown(self, name: str, scene: Scene, server: Command, mode: str) -> None:
        context = self.browser.new_context()
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.goto(server.url + scene.path)
        scene.walk(page, server)
        document = "<!doctype html>\n" + page.evaluate("document.documentElement.outerHTML")
        (self.html / f"{name.replace('/', '-')}.shown.html").write_text(document)
        self.pages += 1
        for each in LOOKS if mode == "run" else ("light", "narrow-dark"):
            look(page, each)
            self.looks += 1
            self._tell(f"{name} [{each}]", barriers(page, list(scene.tags) if scene.tags else None))
            if self.pictures:
                page.screenshot(path=self.pictures / f"{name.replace('/', '-')}.{each}.png")
        self._tell(name, hidden_focus(page))
        context.close()

    def _tell(self, name: str, faults: list[str]) -> None:
        if faults:
            self.found.setdefault(name, []).extend(faults)


def main() -> int:
    """Audit what the command line says, and tell what was found."""
    parser = argparse.ArgumentParser(prog="python -m scripts.audit")
    parser.add_argument("--site", choices=SCENES, action="append", help="only this one; may be given several times")
    parser.add_argument("--mode", choices=MODES, action="append", help="served by `livets dev` or `livets run` only")
    parser.add_argument("--pictures", type=Path, help="a folder for a screenshot of every page in every look")
    arguments = parser.parse_args()
    if arguments.pictures:
        arguments.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="livets-audit-") as scratch, sync_playwright() as playwright:
        html = Path(scratch, "html")
        html.mkdir()
        browser = playwright.chromium.launch(executable_path=binary(), args=ARGUMENTS)
        audit = Audit(browser, html, arguments.pictures)
        for site in sites(Path(scratch)):
            for mode in MODES:
                if site.name in (arguments.site or SCENES) and mode in (arguments.mode or MODES):
                    audit.site(site, mode)
        browser.close()
        found = {**audit.found, **markup.faults(html)}
        documents = len(list(html.glob("*.html")))
    for name in sorted(found):
        print(name, *dict.fromkeys(found[name]), sep="\n  ")
    print(f"{documents} documents, {audit.pages} pages in {audit.looks} looks: {sum(map(len, found.values()))} faults")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
