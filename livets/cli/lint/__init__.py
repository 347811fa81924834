"""What `livets check` looks for in templates, a file for each kind of mistake.

Every rule is a function from a `Source` (and the view that shows it) to findings. Nothing here renders, and nothing
changes. Called by `livets.cli.check`.
"""

from livets.cli.lint.finding import Finding
from livets.cli.lint.rules import check_names, check_source
from livets.cli.lint.source import Source
from livets.cli.lint.views import Shown, shown_by

__all__ = ["Finding", "Shown", "Source", "check_names", "check_source", "shown_by"]
