"""Jobs are those of a dry run, and groups are sent together."""

import re
from collections import Counter

import pytest

from sadm.commands.dry_run import Jobs, jobs_left, submissions
from sadm.study.loader import ROOT


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """All jobs of the smallest study."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("plan"))
        return jobs_left([ROOT / "config.yaml", ROOT / "studies/ci.yaml"])


def test_jobs_are_those_of_the_page_on_reruns(jobs: Jobs) -> None:
    page = (ROOT / "docs/rerun.md").read_text()
    said = re.search(r"^\| everything.*\| (\d+) \|", page, re.MULTILINE)
    assert said
    assert jobs.total() == int(said[1])
    assert (jobs["train"], jobs["register"], jobs["evaluate"]) == (17, 10, 27)
    assert (jobs["brain"], jobs["deepbet"]) == (3, 4)


def test_groups_are_sent_together() -> None:
    profile = {"groups": {"a": "g", "b": "g", "c": "h"}, "group-components": {"g": 50, "h": 10}}
    assert submissions(Counter(a=100, b=101, c=10, d=5), profile) == 3 + 1 + 5
    assert submissions(Counter(), profile) == 0
    assert submissions(Counter(h=21, e=2), profile) == 3 + 2, "a group of the rule's own name"


def test_a_study_that_cannot_be_planned_says_why(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.yaml").write_text("seeed: 3\n")
    with pytest.raises(SystemExit, match="did you mean 'seed'"):
        jobs_left([tmp_path / "wrong.yaml"])
