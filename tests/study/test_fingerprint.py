"""The fingerprint changes with what code does, and with nothing else."""

from pathlib import Path

import pytest

from sadm.study.fingerprint import _parsed, fingerprint

SCRIPT = '"""A step."""\n\nfrom pkg.used import f\n\nf()\n'
USED = 'def f():\n    """Doc."""\n    return 1\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "used.py").write_text(USED)
    (tmp_path / "pkg" / "unused.py").write_text("x = 1\n")
    (tmp_path / "step.py").write_text(SCRIPT)
    return tmp_path


def changed(tree: Path, file: str, text: str) -> bool:
    def take() -> str:
        fingerprint.cache_clear()
        _parsed.cache_clear()
        return fingerprint(tree, tree / "step.py")

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
        ("step.py", "if TYPE_CHECKING:\n    from pkg.unused import x\n\n" + SCRIPT, False),
    ],
)
def test_fingerprint(tree: Path, file: str, text: str, expected: bool) -> None:
    assert changed(tree, file, text) is expected
