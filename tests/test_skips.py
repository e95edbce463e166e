"""Covers tests/support/skips.py: in CI a skip that no list names fails, elsewhere it skips."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEST = "import pytest\n\n\ndef test_one():\n    pytest.skip({reason!r})\n"


@pytest.mark.parametrize(
    ("reason", "ci", "expected"),
    [
        ("no chromium on this machine", True, 1),
        ("no chromium on this machine", False, 0),
        ("the real scans are not on this machine: x", True, 0),
    ],
)
def test_in_ci_a_skip_needs_a_listed_reason(tmp_path: Path, reason: str, ci: bool, expected: int) -> None:
    (tmp_path / "test_one.py").write_text(TEST.format(reason=reason))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    variables = {name: value for name, value in os.environ.items() if name != "SADM_CI"}
    variables |= {"PYTHONPATH": str(Path(__file__).parent / "support")} | ({"SADM_CI": "1"} if ci else {})
    words = [sys.executable, "-m", "pytest", "-p", "skips", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, env=variables, cwd=tmp_path)
    assert done.returncode == expected, done.stdout
    assert ("does not list why" in done.stdout) == bool(expected)
