"""The table of errors in errors.md, from the places in the sources that raise them: make schema."""

import ast
import math
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "src" / "sadm"
PAGE = ROOT / "docs" / "errors.md"
MARK = "<!-- below: made by docs/make.py (make schema) -->\n"
PARTS = ("what", "cause", "fix")


def classes() -> dict[str, str]:
    """The named errors and what each means, by name."""
    tree = ast.parse((SOURCES / "runtime" / "errors.py").read_text(encoding="utf-8"))
    named = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name != "SadmError"]
    return {n.name: ast.get_docstring(n) or "" for n in named} | {
        "Unusable": "An image that cannot be used: a DataError."
    }


def words(node: ast.AST | None, known: dict[str, ast.AST], depth: int = 0) -> str:
    """The text that ``node`` makes; what is not known before it runs is shown as its source in <>."""
    if node is None:
        return ""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(words(part, known, depth) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        node = node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return words(node.left, known, depth) + words(node.right, known, depth)
    if isinstance(node, ast.IfExp):
        return f"{words(node.body, known, depth)} / {words(node.orelse, known, depth)}"
    if isinstance(node, ast.Name) and node.id in known and depth < 5:
        return words(known[node.id], {k: v for k, v in known.items() if k != node.id}, depth + 1)
    return "<" + re.sub(r"\W+", " ", ast.unparse(node)).strip()[:40] + ">"


def assigned(nodes: Iterable[ast.AST], before: float = math.inf) -> dict[str, ast.AST]:
    """The names that ``nodes`` give to texts above line ``before``, with the last value of each."""
    found: dict[str, ast.AST] = {}
    texts = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp)
    for node in sorted((n for n in nodes if isinstance(n, ast.Assign)), key=lambda n: n.lineno):
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts))
        if node.lineno < before:
            found |= {n.id: text for n, text in pairs if isinstance(n, ast.Name) and isinstance(text, texts)}
    return found


def raised(path: Path) -> list[tuple[str, dict[str, str]]]:
    """The errors that the module ``path`` makes: class and parts, in its order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top, found = assigned(ast.iter_child_nodes(tree)), []
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
            name = ast.unparse(call.func)
            if name in classes():
                known = top | assigned(ast.walk(function), call.lineno)
                given = dict(zip(PARTS, call.args)) | {k.arg: k.value for k in call.keywords if k.arg}
                found.append((name, {part: words(given.get(part), known) for part in PARTS}))
    return found


def table() -> str:
    """A section for each named error: its meaning, and a row for each message, cause and fix."""
    rows: dict[str, dict[tuple[str, ...], str]] = {name: {} for name in classes()}
    for path in sorted(SOURCES.rglob("*.py")):
        for name, parts in raised(path):
            cells = tuple(
                " ".join(parts[part].split()).replace("|", "\\|").replace("<", "‹").replace(">", "›")
                for part in PARTS
            )
            rows[name].setdefault(cells, str(path.relative_to(SOURCES)))
    text = ""
    for name, about in classes().items():
        text += f"\n## {name}\n\n{about}\n\n| message | cause | fix | in |\n|---|---|---|---|\n"
        text += "".join(f"| {' | '.join(cells)} | {where} |\n" for cells, where in rows[name].items())
    return text


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(head + MARK + table(), encoding="utf-8")
