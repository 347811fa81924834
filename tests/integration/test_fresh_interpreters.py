"""What only a fresh interpreter can tell: which modules are loaded, and what does not depend on the hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from livets.render import Templates

ROOT = Path(__file__).parents[2]
LIST = (
    "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.t }}{% if r.on %}<b>{{ who }}</b>{% endif %}</li>{% endfor %}</ul>"
    "<p>{{ who }}</p>"
)


def loaded_by(module: str) -> set[str]:
    """The top-level names of all that importing `module` loads, and those within livets in full."""
    code = f"import sys, {module}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name if name.startswith("livets") else name.partition(".")[0] for name in out.split()}


def test_nobody_loads_what_they_may_not_need() -> None:
    assert not [name for name in loaded_by("livets.cli") if name.startswith(("livets.flow", "livets.engine"))]
    extras = {"httpx", "yaml", "jmespath", "cronsim", "redis", "websockets", "lmdb", "starlette", "jinja2"}
    assert not extras & loaded_by("livets.flow")


def test_heavy_modules_are_not_imported_with_livets() -> None:
    heavy = "('redis', 'cryptography', 'selectolax', 'uvicorn')"
    code = f"import sys, livets; print(*[m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == ""


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    source = "<p {% if a %}b=1 c=2 d=3{% endif %}>{{ x }}{{ y }}</p>" + LIST
    code = f"from livets.render import Templates; print(Templates().from_string({source!r}).fingerprint)"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {Templates().from_string(source).fingerprint}
    assert all(len(name) == 16 for name in found)
