"""A folder with the templates of another project: which there are, and an environment that can load them.

It owns how their files are found by any end of their path, and what stands for filters, tests and tags that only the
project has. It writes nothing into the folder. `trial` renders what is in it.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import meta, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from livets.render import Templates

_SUFFIXES: Final = (".html", ".htm", ".jinja2", ".j2", ".jinja")
_GIVEN: Final = frozenset({"loop", "self", "super", "caller", "varargs", "kwargs"})


class Tags(Extension):
    """Tags that only a project has, written as calls of functions of the state: they depend on it."""

    tags = {"asset", "csrf_token", "ckan_extends", "profile", "snippet", "url_for"}

    def parse(self, parser: Parser) -> nodes.Node:
        """One of the tags, with its arguments."""
        token = next(parser.stream)
        arguments: list[nodes.Expr] = []
        while not parser.stream.current.test("block_end"):
            if parser.stream.skip_if("comma"):
                continue
            if parser.stream.current.type == "name" and parser.stream.look().type == "assign":
                next(parser.stream)
                next(parser.stream)
            arguments.append(parser.parse_expression())
        call = nodes.Call(nodes.Name(f"tag_{token.value}", "load"), arguments, [], None, None, lineno=token.lineno)
        return nodes.Output([call], lineno=token.lineno)


def fragment(source: str) -> str:
    """A document as a part of one: what only a layout has becomes custom elements.

    >>> fragment("<!doctype html><html><body class=a></body></html>")
    '<x-html><x-body class=a></x-body></x-html>'
    """
    source = re.sub(r"<!doctype[^>]*>", "", source, flags=re.IGNORECASE)
    return re.sub(r"<(/?)(html|head|body)(?=[\s>{])", r"<\1x-\2", source, flags=re.IGNORECASE)


class Checkout(jinja2.BaseLoader):
    """The templates below some folders; files that they name are looked for in the whole checkout."""

    def __init__(self, root: Path, folders: Sequence[str] = ()) -> None:
        self.root = root
        files = sorted(path for path in root.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
        within = [root / folder for folder in folders] or [root]
        self.templates = [path for path in files if any(path.is_relative_to(folder) for folder in within)]
        self.asking = root
        self._ends: dict[str, list[Path]] = defaultdict(list)
        for path in files:
            parts = path.relative_to(root).parts
            for number in range(len(parts)):
                self._ends["/".join(parts[number:])].append(path)

    def find(self, name: str) -> Path | None:
        """The file that a template means: another than itself, the nearest."""
        found = self._ends.get(name.lstrip("!/"), [])
        others = [path for path in found if path != self.asking] or found
        near = [(-len(os.path.commonpath([path, self.asking])), len(str(path)), path) for path in others]
        return min(near)[2] if near else None

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The source of a file, without what only a document has."""
        path = self.find(template)
        if path is None:
            raise jinja2.TemplateNotFound(template)
        return self.read(path), str(path), lambda: True

    def read(self, path: Path) -> str:
        """The source of a template."""
        return fragment(path.read_text(errors="replace"))

    def fresh(self) -> Templates:
        """An environment of livets that loads from here."""
        extensions: list[str | type[Extension]] = ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols", Tags]
        templates = Templates(extensions=extensions)
        environment = templates.environment
        environment.loader = self
        environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
        environment.policies["json.dumps_function"] = lambda value, **_: json.dumps(value, default=str)
        return templates

    def names(self, environment: jinja2.Environment, path: Path) -> set[str]:
        """All names that a template and the files that it loads may read; filters and tests get stand-ins.

        Raises jinja2.TemplateSyntaxError for the template itself.
        """
        found: set[str] = set()
        waiting, seen = [path], set[Path]()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            try:
                tree = environment.parse(self.read(here))
            except jinja2.TemplateSyntaxError:
                if here == path:
                    raise
                continue
            _stand_in(environment, tree)
            found |= meta.find_undeclared_variables(tree)
            set_here = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
            found |= {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"} - set_here - _defined(tree)
            loaded = (self.find(name) for name in meta.find_referenced_templates(tree) if name)
            waiting += [file for file in loaded if file is not None]
        return found - _GIVEN - environment.globals.keys()


def _defined(tree: nodes.Template) -> set[str]:
    """Names that macros and imports define."""
    found = {macro.name for macro in tree.find_all(nodes.Macro)} | {each.target for each in tree.find_all(nodes.Import)}
    pairs = [pair for each in tree.find_all(nodes.FromImport) for pair in each.names]
    return found | {pair if isinstance(pair, str) else pair[1] for pair in pairs}


def _stand_in(environment: jinja2.Environment, tree: nodes.Template) -> None:
    """Filters and tests that only the project has."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        if isinstance(node, nodes.Filter):
            environment.filters.setdefault(node.name, _text)
        else:
            environment.tests.setdefault(str(getattr(node, "name", "")), _truth)


def _text(value: Any = None, *_: Any, **__: Any) -> str:
    return f"{value}"


def _truth(value: Any, *_: Any) -> bool:
    return bool(value)
