"""Jinja2 expressions to Python source, by Jinja2's own visitors: filters, tests and undefined keep their meaning.

It owns how a name becomes a Python variable and how an attribute is read. It never runs anything. The
generator calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from keyword import iskeyword
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame

from livets.render.names import wants_context


class _Imports(dict[str, str]):
    """Filters or tests by name, each given a variable of the generated module when it is first used."""

    def __init__(self, prefix: str, table: Mapping[str, Any], module: dict[str, Any]) -> None:
        super().__init__()
        self.prefix = prefix
        self.table = table
        self.module = module

    def __missing__(self, name: str) -> str:
        variable = f"{self.prefix}{len(self)}"
        function = self.table.get(name)
        if function is None:

            def function(*_: Any, **__: Any) -> Any:
                raise jinja2.TemplateRuntimeError(f"No filter or test named {name!r} found.")

        self.module[variable] = function
        self[name] = variable
        return variable


class Expressions(CodeGenerator):
    """Writes one expression at a time."""

    def __init__(self, environment: jinja2.Environment, name: str, module: dict[str, Any]) -> None:
        super().__init__(environment, name, None, stream=StringIO())
        self.filters = _Imports("filter_", environment.filters, module)
        self.tests = _Imports("test_", environment.tests, module)
        self.variable: Callable[[str], str] = lambda name: name
        self.fast = False
        self.calls = False
        self._frame = Frame(nodes.EvalContext(environment, name))

    def write_expression(self, node: nodes.Node, variable: Callable[[str], str], *, fast: bool) -> str:
        """The Python source of an expression. `fast` reads attributes directly (AttributeError: use the slow way)."""
        self.variable, self.fast = variable, fast
        self.stream = StringIO()
        node.set_environment(self.environment)
        self.visit(node, self._frame)
        return str(self.stream.getvalue())

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:
        """A variable."""
        self.write(self.variable(node.name))

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """An attribute."""
        simple = node.attr.isascii() and node.attr.isidentifier() and not iskeyword(node.attr)
        direct = simple and not node.attr.startswith("__") and isinstance(node.node, nodes.Name | nodes.Getattr)
        if self.fast and direct:
            self.visit(node.node, frame)
            self.write(f".{node.attr}")
            return
        self.write("read(")
        self.visit(node.node, frame)
        self.write(f", {node.attr!r})")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """A call, which may want the context."""
        self.calls = True
        super().visit_Call(node, frame, forward_caller=forward_caller)

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:
        """A filter, which may want the context."""
        self._note(self.environment.filters.get(node.name))
        super().visit_Filter(node, frame)

    def visit_Test(self, node: nodes.Test, frame: Frame) -> None:
        """A test, which may want the context."""
        self._note(self.environment.tests.get(node.name))
        super().visit_Test(node, frame)

    def _note(self, function: Any) -> None:
        self.calls |= wants_context(function)
