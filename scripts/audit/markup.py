"""HTML by the Nu Html Checker (validator.w3.org's own): every error and warning, less what livets adds on purpose.

Owns what is filtered: attributes whose names begin with `ts-`. They are directives, part of no standard, and the
connector reads them by these names; nothing else is. Called by `__main__`.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

JAR = Path(__file__).parent / "node_modules/vnu-jar/build/dist/vnu.jar"
_DIRECTIVE = re.compile(r"^Attribute “ts-[\w:.-]+” (?:not allowed on element|is not serializable as XML)")


def faults(folder: Path) -> dict[str, list[str]]:
    """What is wrong with the `*.html` in a folder, by the name of the file."""
    options = ["--format", "json", "--exit-zero-always", "--skip-non-html"]
    done = subprocess.run(
        ["java", "-Xss4m", "-jar", str(JAR), *options, str(folder)], capture_output=True, text=True, check=False
    )
    if not done.stderr.startswith("{"):
        raise RuntimeError(f"the checker did not run: {done.stderr[:500]}")
    found: dict[str, list[str]] = {}
    for message in json.loads(done.stderr)["messages"]:
        if not _DIRECTIVE.match(message["message"]):
            kind = message.get("subType", message["type"])
            extract = message.get("extract", "").strip().replace("\n", " ")
            words = f"{kind}: {message['message']} (line {message.get('lastLine')}: {extract})"
            found.setdefault(Path(message["url"]).name, []).append(words)
    return found
