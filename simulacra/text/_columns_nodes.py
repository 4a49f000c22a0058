"""Nodes of a parsed template: all of them, the fields they read, and bounds on what they may grow to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def walk(node: Any) -> Iterator[Any]:
    """Yield a node of a template and all below it."""
    yield node
    for child in node.iter_child_nodes():
        yield from walk(child)


def fields(tree: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, field) of every constant field of a name that a template reads."""
    from jinja2 import nodes

    for node in walk(tree):
        if not isinstance(node, nodes.Getattr | nodes.Getitem) or not isinstance(node.node, nodes.Name):
            continue
        field = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if isinstance(field, str):
            yield node.node.name, field


def bounded(tree: Any) -> Any:
    """Return the tree with every loop counted and every joining of texts measured."""
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    class Bounds(NodeTransformer):
        def visit_For(self, node: Any) -> Any:
            node = self.generic_visit(node)
            node.iter = nodes.Filter(node.iter, "\0counted", [], [], None, None, lineno=node.lineno)
            return node

        def visit_Concat(self, node: Any) -> Any:
            node = self.generic_visit(node)
            parts = nodes.List(node.nodes, lineno=node.lineno)
            return nodes.Filter(parts, "\0joined", [], [], None, None, lineno=node.lineno)

    return Bounds().visit(tree).set_environment(tree.environment)
