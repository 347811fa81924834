"""`livets new`: a small project that runs, with a test that passes.

Owns the copying of scaffolds (`livets/cli/scaffolds`) and the names in them. Overwrites nothing. Called by a person.
"""

from __future__ import annotations

import re
import shutil
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from livets.cli.output import Failure, Wrong

SCAFFOLDS = {
    "counter": "one number, three buttons: the smallest live page",
    "todo": "a list shared by all windows, kept in SQLite, with undo",
    "chat": "rooms, several people, and who is typing",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_TEMPLATE = ".tmpl"
EPILOG = """\b
Examples:
  livets new hello
  livets new shop --template todo
  livets new work/talk --template chat

\b
Templates:
""" + "\n".join(f"  {name:8} {words}" for name, words in SCAFFOLDS.items())


@click.command(epilog=EPILOG)
@click.argument("name", type=click.Path(path_type=Path))
@click.option("--template", "-t", default="counter", show_default=True, type=click.Choice(list(SCAFFOLDS)),
              help="What to begin with.")  # fmt: skip
def new(name: Path, template: str) -> None:
    """Make a new project in the folder NAME.

    It runs, has a test that passes, and a README that says what is where. Nothing that is there is overwritten.
    """
    project = name.name
    if not _NAME.fullmatch(project):
        raise Wrong(f"{project!r} is no good name for a project", "letters, digits, - and _, beginning with a letter")
    _check_free(name)
    words = {"@NAME@": project.lower().replace("_", "-"), "@TITLE@": _title(project)}
    made = write(name, template, words)
    click.echo(f"Made {click.style(str(name), bold=True)} from the template {template!r}:")
    for path in made:
        click.echo(f"  {path.relative_to(name)}")
    click.echo("\nNext:")
    click.echo(click.style(f"  cd {name}\n  livets dev", fg="cyan") + "        # then open http://localhost:8000")
    click.echo(click.style("  python -m pytest", fg="cyan") + "  # its tests (pip install pytest)")


def write(folder: Path, template: str, words: dict[str, str]) -> list[Path]:
    """Write the project's files, with these words in place of those between @; returns their paths.

    All or nothing: what was written is taken away again when something fails.
    """
    files: dict[str, str] = {}
    for part in ("shared", template):
        for path, text in _files(resources.files("livets.cli") / "scaffolds" / part):
            files[path] = files.get(path, "") + text  # a style sheet has two parts
    existed = folder.exists()
    made = []
    try:
        for path, text in sorted(files.items()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            made.append(target)
            target.write_text(_filled(text, words), encoding="utf-8")
    except OSError as error:
        for target in made:
            target.unlink(missing_ok=True)
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise Failure(f"{error.filename or folder} can't be written: {error.strerror}") from None
    return made


def _check_free(folder: Path) -> None:
    if folder.is_file():
        raise Failure(f"{folder} is a file", "choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        raise Failure(f"the folder {folder} is there already, and not empty", "choose another name, or empty it first")


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    """Paths (as the project has them) and texts of a scaffold."""
    found: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        name = entry.name.removesuffix(_TEMPLATE)
        if entry.is_dir():
            found += _files(entry, f"{prefix}{name}/")
        else:
            found.append((prefix + ("." + name if name == "gitignore" else name), entry.read_text(encoding="utf-8")))
    return found


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _title(name: str) -> str:
    """`my-shop` as a person writes it: My shop."""
    words = re.sub(r"[-_]+", " ", name).strip()
    return words[:1].upper() + words[1:]
