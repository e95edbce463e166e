"""The fingerprint changes with what code does, and with nothing else."""

from pathlib import Path

import pytest

from sadm.runtime.errors import CodeError
from sadm.study.fingerprint import _parsed, check, fingerprint, planned

SCRIPT = '"""A step."""\n\nimport sadm.runtime.errors\nfrom pkg import tells\nfrom pkg.used import f\nfrom sadm.runtime import files\n\nf()\n'
TELLS = """def g(n, progress):
    progress(n, lambda: f"doing {n}")
    if n > 1:
        raise ValueError(f"bad {n}", "bad")
    return {"key": n}
"""
USED = 'def f():\n    """Doc."""\n    return 1\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "used.py").write_text(USED)
    (tmp_path / "pkg" / "unused.py").write_text("x = 1\n")
    (tmp_path / "pkg" / "__init__.py").write_text("VERSION = '1'\n")
    (tmp_path / "pkg" / "tells.py").write_text(TELLS)
    (tmp_path / "sadm" / "runtime").mkdir(parents=True)
    for name in ("errors", "files"):
        (tmp_path / "sadm" / "runtime" / f"{name}.py").write_text("X = 1\n")
    (tmp_path / "table.txt").write_text("a")
    (tmp_path / "step.py").write_text(SCRIPT)
    return tmp_path


def changed(tree: Path, file: str, text: str) -> bool:
    def take() -> str:
        fingerprint.cache_clear()
        _parsed.cache_clear()
        return fingerprint(tree, tree / "step.py", tree / "table.txt")

    before = take()
    (tree / file).write_text(text)
    return take() != before


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("step.py", "# a comment\n" + SCRIPT, False),
        ("step.py", SCRIPT.replace("A step", "The step"), False),
        ("step.py", SCRIPT + "f()\n", True),
        ("pkg/used.py", USED.replace("Doc", "Other doc"), False),
        ("pkg/used.py", USED.replace("return 1", "return 2"), True),
        ("pkg/unused.py", "x = 2\n", False),
        ("pkg/used.py", USED + "\n\nX = 'a text'\n", True),
        ("pkg/__init__.py", "VERSION = '2'\n", False),
        ("sadm/runtime/errors.py", "X = 2\n", False),
        ("sadm/runtime/files.py", "X = 2\n", True),
        ("pkg/tells.py", TELLS.replace("bad", "worse").replace("doing", "at"), False),
        ("pkg/tells.py", TELLS.replace("key", "other"), True),
        ("pkg/tells.py", TELLS.replace("n > 1", "n > 2"), True),
        ("table.txt", "b", True),
        ("step.py", "if TYPE_CHECKING:\n    from pkg.unused import x\n\n" + SCRIPT, False),
    ],
)
def test_fingerprint(tree: Path, file: str, text: str, expected: bool) -> None:
    assert changed(tree, file, text) is expected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one script and the module that it imports."""
    for name, text in {
        "workflow/scripts/step.py": "from sadm.used import f\n",
        "src/sadm/used.py": USED,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_job_runs_the_code_it_was_planned_with(project: Path) -> None:
    said = planned(project, "step.py", "src/sadm/used.py")
    check(said, project, project / "src")
    with pytest.raises(CodeError, match="another clone"):
        check(said, project, project / "other")
    (project / "src/sadm/used.py").write_text(USED.replace("return 1", "return 2"))
    fingerprint.cache_clear()
    _parsed.cache_clear()
    with pytest.raises(CodeError, match="edited after this run had started"):
        check(said, project, project / "src")
