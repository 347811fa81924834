"""Templates to first HTML and patches from the same slots; ordered lists that record their changes."""

from livets.render.environment import Scope
from livets.render.keyed_list import KeyedList
from livets.render.lines import Advice, OpaquePart
from livets.render.rendering import CompiledTemplate, Patch, Rendering, opaque_parts
from livets.render.templates import Templates

__all__ = [
    "Advice",
    "CompiledTemplate",
    "KeyedList",
    "OpaquePart",
    "Patch",
    "Rendering",
    "Scope",
    "Templates",
    "opaque_parts",
]
