"""Each kind of the hostile corpus ends in its named error or in the right result, in bounded time and memory."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from corpus import LARGEST, LONGEST, run
from kinds import KINDS, Kind

GREEDY = ("bomb", "absurd", "terabyte", "largest", "laughs", "claims", "ten thousandfold")


def greedy(kind: Kind) -> bool:
    return any(word in kind.name for word in GREEDY)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not greedy(kind)], ids=lambda kind: kind.name)
def test_ends_as_it_should(kind: Kind, tmp_path: Path) -> None:
    ended, result = run(kind, tmp_path)
    if kind.right:
        assert not ended
        kind.right(result)
    else:
        assert re.match(kind.says, ended, re.DOTALL), ended or "it was taken"
        assert "  fix:   " in ended


def test_there_are_kinds_enough() -> None:
    assert len(KINDS) >= 60


def test_the_greedy_take_little(tmp_path: Path) -> None:
    """In processes of their own: each ends in its error, and its seconds and memory are below the limits."""
    script = Path(__file__).with_name("corpus.py")
    variables = os.environ | {"PYTHONPATH": str(script.parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, script, tmp_path / "made", *GREEDY],
        capture_output=True,
        text=True,
        env=variables,
        timeout=300,
    )
    rows = re.findall(r"^\| (.+?) \| .+? \| (.+) \| ([\d.nan]+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    assert len(rows) == sum(map(greedy, KINDS)), done.stderr
    for name, ended, seconds, size in rows:
        assert not ended.startswith(("UNNAMED", "UNEXPECTED", "killed")), (name, ended)
        assert float(seconds) <= LONGEST, (name, seconds)
        assert float(size) <= LARGEST, (name, size)
