"""The plan of a study: jobs from a dry run, costs from the table."""

import re
from pathlib import Path

import pytest
import yaml

from sadm.commands.plan import ROOT, Plan, jobs_left, submissions
from sadm.study import registry
from sadm.study.loader import raw_config
from sadm.study.study import Study

CI = [ROOT / "config.yaml", ROOT / "studies/ci.yaml"]
COSTS = yaml.safe_load((ROOT / "workflow/costs.yaml").read_text())
PROFILE = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """All jobs of the smallest study."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("plan"))
        return jobs_left(CI)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.from_config(raw_config(CI))


def test_jobs_are_those_of_the_page_on_reruns(jobs: dict[str, int]) -> None:
    page = (ROOT / "docs/rerun.md").read_text()
    said = re.search(r"^\| everything.*\| (\d+) \|", page, re.MULTILINE)
    assert said
    assert sum(jobs.values()) == int(said[1])
    assert (jobs["train"], jobs["register"], jobs["evaluate"]) == (17, 10, 26)


def test_groups_are_sent_together() -> None:
    profile = {"groups": {"a": "g", "b": "g", "c": "h"}, "group-components": {"g": 50, "h": 10}}
    assert submissions({"a": 100, "b": 101, "c": 10, "d": 5}, profile) == 3 + 1 + 5
    assert submissions({}, profile) == 0


def test_the_studys_sets_are_counted(study: Study, jobs: dict[str, int]) -> None:
    plan = Plan(study, jobs, COSTS)
    assert plan.scans == {"healthy": 4, "tumour": 3, "stroke": 3}
    assert [plan.members("draem", part) for part in ("train", "val", "test")] == [2, 1, 1]
    assert [plan.members("stroke", part) for part in ("train", "val", "test")] == [1, 1, 1]
    assert plan.volumes == 8


def test_work_is_counted_by_hand(study: Study) -> None:
    one = Study.from_config(
        study.config | {"rows": {"AE": "ae"}, "figures": [], "hyper": {"ae": {"epochs": 10, "slices": 3}}}
    )
    plan = Plan(one, {"train": 1, "reconstruct": 1, "predict": 1}, COSTS)
    assert plan.scale == pytest.approx(48 * 48 / 96**2)
    assert plan.training() == pytest.approx(COSTS["work"]["ae"][0] * 10 * 3 * 2 / 4 / 1e3)
    assert plan.mapping() == pytest.approx(COSTS["work"]["ae"][1] * 8 / 4)


def test_what_is_done_costs_nothing(study: Study, jobs: dict[str, int]) -> None:
    whole, rest = Plan(study, jobs, COSTS), Plan(study, {"report": 1}, COSTS)
    assert rest.training() == rest.mapping() == rest.stripping() == sum(rest.disk().values()) == 0
    assert sum(rest.cpu().values()) == COSTS["job"]["report"]
    half = Plan(study, jobs | {"register": 5, "brain": 5}, COSTS)
    less = whole.cpu()["preparing the scans"] - half.cpu()["preparing the scans"]
    brain = sum(COSTS["brain"][s["brain"]] * whole.scans[n] for n, s in study.datasets.items()) / 2
    assert less == pytest.approx(5 * COSTS["job"]["register"] + brain)


def test_hdbet_counts_scans_not_chunks(study: Study) -> None:
    datasets = study.config["datasets"] | {
        "healthy": study.config["datasets"]["healthy"] | {"brain": "hd-bet"}
    }
    plan = Plan(Study.from_config(study.config | {"datasets": datasets}), {"strip": 1}, COSTS)
    assert plan.stripping() == 4


def test_the_table_knows_all_methods_and_only_rules_that_there_are() -> None:
    assert set(COSTS["work"]) == set(registry.names("methods"))
    text = "".join(path.read_text() for path in Path(ROOT, "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    named = {rule for part in ("job", "scan", "volume") for rule in COSTS[part]}
    assert named | set(PROFILE["groups"]) <= rules


def test_the_plan_in_words(study: Study, jobs: dict[str, int]) -> None:
    said = Plan(study, jobs, COSTS).text(PROFILE)
    assert said.startswith(f"Study ci: {sum(jobs.values())} jobs, ")
    for words in ("core hours", "GPU hours at 30 TFLOP/s", "GB on disk", "without a GPU"):
        assert words in said
