"""Live pages over workflow runs: what runs, where it stands, what each node has taken and given, and how to steer it.

Knows both the engine and the web; nothing but the command line imports it. Start with `Studio`.
"""

from livets.studio.studio import Studio

__all__ = ["Studio"]
