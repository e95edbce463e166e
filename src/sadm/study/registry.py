"""What methods and importers declare, read from their syntax trees.

The process that parses the workflow has no torch, so no method is imported to learn its needs and hyper-parameters.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[1]
SETTINGS = {"methods": "Hyper", "data": "Options"}


@cache
def names(kind: str) -> tuple[str, ...]:
    """Sorted names of the modules in ``kind`` ("methods" or "data"); ``base`` holds what they share and is none."""
    return tuple(sorted(p.stem for p in (PACKAGE / kind).glob("[a-z]*.py") if p.stem != "base"))


@cache
def constants(module: str) -> dict[str, Any]:
    """Upper-case literals assigned at the top of ``module`` ("methods/cddpm", "prediction/trivial")."""
    found = {}
    for node in ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id.isupper():
            try:
                found[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except (ValueError, TypeError):
                continue  # computed, hence not a declaration
    return found


@cache
def settings(kind: str, name: str) -> dict[str, dict[str, Any]]:
    """Fields of ``class Hyper`` (methods) or ``class Options`` (data): {name: {type, default, description}}.

    The description is the comment beside the field. A base class is one of the folder's ``base`` module, or "module.Class";
    its fields come first.
    """
    return _fields(kind, name, SETTINGS[kind])


def _fields(kind: str, name: str, wanted: str) -> dict[str, dict[str, Any]]:
    source = (PACKAGE / kind / f"{name}.py").read_text(encoding="utf-8")
    lines, fields = source.splitlines(), dict[str, dict[str, Any]]()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == wanted:
            for base in node.bases:
                module, _, cls = ast.unparse(base).rpartition(".")
                fields |= _fields(kind, module or "base", cls)
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.value:
                    text = "\n".join(lines[item.lineno - 1 : item.end_lineno])
                    _, _, comment = text.partition("  # ")
                    fields[item.target.id] = {
                        "type": ast.unparse(item.annotation),
                        "default": ast.literal_eval(item.value),
                        "description": comment.partition("\n")[0].strip(),
                    }
    return fields


def declared(kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Constants of a module in ``kind``, and its settings with their defaults."""
    return constants(f"{kind}/{name}"), {k: v["default"] for k, v in settings(kind, name).items()}
