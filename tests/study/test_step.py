"""A job begins with its log, and does not run other code than it was planned with."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sadm.runtime.process import THREAD_VARIABLES
from sadm.study.fingerprint import planned
from sadm.study.step import step

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The job of rule splits, as its script sees it."""
    for name in THREAD_VARIABLES:
        monkeypatch.setenv(name, "1")
    params = SimpleNamespace(code=planned(ROOT, "splits.py"))
    scripts = ROOT / "workflow" / "rules" / ".." / "scripts"
    return SimpleNamespace(log=[str(tmp_path / "log.txt")], threads=1, params=params, scriptdir=str(scripts))


def test_the_body_runs_and_is_logged(job: Any) -> None:
    with step(job) as project:
        print("in the body")
    assert project == ROOT
    assert "in the body" in Path(job.log[0]).read_text()


def test_other_code_than_planned_is_refused_by_name(job: Any) -> None:
    job.params.code = job.params.code.replace(job.params.code[:12], "0" * 12)
    with pytest.raises(SystemExit), step(job):
        raise AssertionError("the body does not run")
    assert "CodeError: The code is not the one that the job was planned with." in Path(job.log[0]).read_text()
