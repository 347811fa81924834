"""The task "template": renders a stranger's Jinja2 source. Jinja2's own sandbox is on, and not relied on."""

from __future__ import annotations

import contextlib
import json

from livets.engine.sandbox.inside import worker


def prepare() -> None:
    """Import Jinja2 in the server, and have it load what it loads late."""
    import jinja2.debug
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    source = "{{ 'a' | upper }}{% for n in [1] %}{{ n }}{% endfor %}{{ missing.name }}"
    with contextlib.suppress(jinja2.TemplateError):
        ImmutableSandboxedEnvironment(autoescape=True).from_string(source).render()


def run(request: bytes, blob: bytes) -> int:
    """Answer with the text of the template."""
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    job = json.loads(request)
    environment = ImmutableSandboxedEnvironment(
        autoescape=job["html"], undefined=StrictUndefined, keep_trailing_newline=True
    )
    try:
        parts, size = [], 0
        for part in environment.from_string(job["source"]).generate(job["values"]):
            size += len(part)
            if size > job["max_characters"]:
                message = f"the text has more than {job['max_characters']} characters"
                worker.answer({"error": {"kind": "limit", "message": message}})
                return 0
            parts.append(part)
    except TemplateError as error:
        worker.answer({"error": {"kind": "template", "message": f"the template failed: {error}"}})
    except MemoryError:
        raise
    except Exception as error:  # a source can make any expression fail in its own way
        message = f"the template failed: {type(error).__name__}: {error}"
        worker.answer({"error": {"kind": "template", "message": message}})
    else:
        worker.answer({"value": "".join(parts)})
    return 0
