"""The studio over the example's runs. `FLOW_FOLDER` says where they are journaled; else below the temporary folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from examples.flow.workflow import grants, weekly_sales
from livets.flow import FlowRuntime
from livets.studio import Studio


def folder() -> Path:
    """Where runs and reports are kept."""
    default = Path(tempfile.gettempdir()) / f"livets-flow-{os.getuid()}"
    return Path(os.environ.get("FLOW_FOLDER") or default)


def studio() -> Studio:
    """A studio over a runtime of its own that can start the workflow; `FLOW_PACE_S`: seconds before each file."""
    runtime = FlowRuntime(folder(), grants=grants(folder() / "reports"))
    return Studio(runtime, workflows=[weekly_sales(float(os.environ.get("FLOW_PACE_S", "1")))])
