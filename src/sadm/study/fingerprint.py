"""A hash of the code that a step reaches.

It hashes syntax trees without docstrings, so that a comment or a touched file reruns no job and a change of what
the code does reruns exactly the jobs that reach it. What is below ``if TYPE_CHECKING:`` never runs and does not count.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    tree, imported = ast.parse(path.read_text(encoding="utf-8")), []
    tree.body = [node for node in tree.body if not _only_for_types(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree), tuple(imported)


def _only_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _module(name: str, src: Path) -> Path | None:
    path = src / name.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)


@cache
def fingerprint(src: Path, *files: Path) -> str:
    """Hash of ``files`` and of every module below ``src`` that they import, directly or through others."""
    todo, seen = list(files), {}
    while todo:
        path = todo.pop().resolve()
        if path in seen:
            continue
        seen[path], imported = _parsed(path)
        todo += [module for name in imported if (module := _module(name, src))]
    return hashlib.sha256("".join(seen[path] for path in sorted(seen)).encode()).hexdigest()[:12]
