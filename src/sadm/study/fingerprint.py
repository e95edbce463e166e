"""A hash of the code that a step reaches.

It hashes syntax trees without docstrings, so that a comment or a touched file reruns no job and a change of what
the code does reruns exactly the jobs that reach it. These do not count, as they cannot change a result: what is below
``if TYPE_CHECKING:``, the modules of `SILENT`, and texts inside ``raise`` and inside calls of `TELLING`.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

from sadm.runtime.errors import CodeError

# Modules that say what happens and change no result; so does every __init__, which holds a docstring and the version.
SILENT = (
    "sadm/runtime/errors.py",
    "sadm/runtime/kinds.py",
    "sadm/study/fits.py",
    "sadm/runtime/job.py",
    "sadm/runtime/progress.py",
    "sadm/runtime/terminate.py",
)
TELLING = ("print", "progress")  # functions, methods and attributes of these names


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
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _called(node) in TELLING):
            _silence(node)
    return ast.dump(tree), tuple(imported)


def _called(node: ast.Call) -> str:
    """Last name of what ``node`` calls."""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _silence(node: ast.AST) -> None:
    """Empty every text inside ``node``."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            each.value = ""


def _only_for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _module(name: str, src: Path) -> Path | None:
    path = src / name.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)


def _counts(path: Path, src: Path) -> bool:
    """Whether a change of the module ``path`` can change a result."""
    silent = {(src / name).resolve() for name in SILENT}
    return path not in silent and path.name != "__init__.py"


def planned(root: Path, script: str, *files: str) -> str:
    """What a job is planned with: the fingerprint of its ``script`` in workflow/scripts and of other ``files``, and all their names.

    ``root``: the folder of the project, which the names of ``files`` start from.
    """
    paths = [root / "workflow/scripts" / script, *(root / name for name in files)]
    return " ".join([fingerprint(root / "src", *paths), script, *files])


def check(said: str, root: Path, own: Path) -> None:
    """Compare the code that this process runs with what its job was planned with: ``said``, as `planned` made it.

    ``root``: the project that the script lies in; ``own``: the folder that `sadm` was imported from. Raises CodeError.
    """
    fix = "let no PYTHONPATH or installed copy lead to another clone, and run again"
    if own.resolve() != (root / "src").resolve():
        raise CodeError(
            "A job would run the code of another clone.",
            file=own,
            cause=f"it was planned with {root / 'src'}",
            fix=fix,
        )
    if planned(root, *said.split()[1:]) != said:
        cause = "it was edited after this run had started"
        raise CodeError(
            "The code is not the one that the job was planned with.", file=root, cause=cause, fix="run again"
        )


@cache
def fingerprint(src: Path, *files: Path) -> str:
    """Hash of ``files`` and of every module below ``src`` that they import, directly or through others.

    Of a file that is no Python its bytes count.
    """
    todo, seen = list(files), {}
    while todo:
        path = todo.pop().resolve()
        if path in seen or not _counts(path, src):
            continue
        if path.suffix != ".py":
            seen[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            continue
        seen[path], imported = _parsed(path)
        todo += [module for name in imported if (module := _module(name, src))]
    return hashlib.sha256("".join(seen[path] for path in sorted(seen)).encode()).hexdigest()[:12]
