"""One thing that is wrong in a template.

Owns its form, and the comment by which a person says that it is meant so: `{# livets: ok #}`, or
`{# livets: ok safe #}` for one rule, on the same line or on the line above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_OK = re.compile(r"\{#-?\s*livets:\s*ok\b([\w\s,-]*?)-?#\}")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Where, which rule, what is wrong and how to mend it."""

    file: str
    line: int
    rule: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


def is_accepted(finding_line: int, rule: str, lines: list[str]) -> bool:
    """Whether a comment on this line (or the one above) of the template says that it is meant so.

    >>> is_accepted(1, "safe", ["{{ x|safe }} {# livets: ok #}"])
    True
    >>> is_accepted(1, "safe", ["{{ x|safe }} {# livets: ok script #}"])
    False
    """
    for line in lines[max(0, finding_line - 2) : finding_line]:
        for found in _OK.finditer(line):
            rules = re.split(r"[\s,]+", found[1].strip()) if found[1].strip() else []
            if not rules or rule in rules:
                return True
    return False
