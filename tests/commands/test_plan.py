"""The plan of a study: what the jobs of a dry run cost by the table."""

import re
from collections import Counter
from pathlib import Path

import pytest

from sadm.commands import plan
from sadm.study import registry
from sadm.study.loader import ROOT, raw_config, read
from sadm.study.study import Study

COSTS, PROFILE = read(ROOT / "workflow/costs.yaml"), read(ROOT / "profiles/slurm/config.yaml")
JOBS = Counter(register=10, brain=10, grid=10, pack=3, train=17, reconstruct=7, predict=16, report=1)


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.from_config(raw_config([ROOT / "config.yaml", ROOT / "studies/ci.yaml"]))


def test_the_studys_sets_are_counted(study: Study) -> None:
    assert {name: len(study.scans(name)) for name in study.datasets} == {
        "healthy": 4,
        "tumour": 3,
        "stroke": 3,
    }
    assert [plan.trained(study, name) for name in ("healthy", "draem", "stroke")] == [2, 2, 1]
    assert plan.volumes(study) == 8
    score = study.config["score"] | {"subset_threshold": True}
    assert plan.volumes(Study.from_config(study.config | {"score": score})) == 8 + 2, "one trains on each set"


def test_work_is_counted_by_hand(study: Study) -> None:
    one = Study.from_config(
        study.config | {"rows": {"AE": "ae"}, "figures": [], "hyper": {"ae": {"epochs": 10, "slices": 3}}}
    )
    assert plan.pixels(one, COSTS) == pytest.approx(40 * 48 / 96**2)
    step, volume = COSTS["work"]["ae"]
    share = 40 * 48 / 96**2
    wanted = {"training": step * 10 * 3 * 2 * share / 1e3, "mapping": volume * 8 * share}
    jobs = Counter(train=1, reconstruct=1, predict=1)
    assert plan.networks(one, jobs, COSTS) == pytest.approx(wanted)
    assert plan.networks(one, Counter(train=2), COSTS) == pytest.approx(
        {"training": 2 * wanted["training"], "mapping": 0}
    )


def test_a_method_that_nobody_measured_counts_as_the_median(study: Study) -> None:
    one = Study.from_config(study.config | {"rows": {"AE": "ae"}, "figures": [], "hyper": {}})
    three = {"a": [1, 5], "b": [2, 7], "c": [90, 6]}
    jobs = Counter(train=1, reconstruct=1)
    unknown, known = ({**COSTS, "work": work} for work in (three, three | {"ae": [2, 6]}))
    assert plan.networks(one, jobs, unknown) == plan.networks(one, jobs, known)
    assert plan.text(one, jobs, unknown, PROFILE).endswith("as the median of the methods there: ae")
    assert "Estimated" not in plan.text(one, jobs, known, PROFILE)


def test_the_plan_says_which_protocol(study: Study) -> None:
    lines = plan.text(study, Counter(report=1), COSTS, PROFILE).splitlines()
    assert f"Protocol: {study.protocol}" in lines


def test_what_is_done_costs_nothing(study: Study) -> None:
    left = Counter(report=1)
    assert not any(plan.networks(study, left, COSTS).values())
    assert not any(plan.disk(study, left, COSTS).values())
    assert plan.passes(study, left) == 0
    cpu = COSTS["cpu"]
    assert sum(plan.cores(study, left, COSTS).values()) == cpu["mapping, measuring, drawing"]["job"]["report"]
    whole, half = (plan.cores(study, jobs, COSTS) for jobs in (JOBS, JOBS - Counter(register=5, brain=5)))
    each = cpu["preparing the scans"]["job"]
    less = whole["preparing the scans"] - half["preparing the scans"]
    assert less == pytest.approx(5 * (each["register"] + each["brain"]))


def test_disk_counts_what_a_reconstruction_is_made_of(study: Study) -> None:
    """Of the seven that reconstruct, three do so at each step of t_test."""
    makers = plan.reconstructing(study)
    passes = [study.declares(model).count(study.hyper(model)) for model in makers]
    steps = len(study.hyper("ddpm")["t_test"])
    assert sorted(passes) == sorted([1, 1, 1, steps, steps, steps])
    found = plan.disk(study, Counter(reconstruct=len(makers), predict=1), COSTS)
    ratio = COSTS["disk"]["reconstructions"] / COSTS["disk"]["maps"]
    assert found["reconstructions"] == pytest.approx(found["maps"] * sum(passes) * ratio)


def test_hdbet_counts_scans_not_chunks(study: Study) -> None:
    datasets = study.config["datasets"]
    datasets = datasets | {"healthy": datasets["healthy"] | {"brain": "hd-bet"}}
    for changed, each in (({}, 40), ({"tta": False}, 5), ({"models": 2}, 16), ({"hdbet": 2}, 8)):
        brain = study.section("brain") | changed
        other = Study.from_config(study.config | {"datasets": datasets, "brain": brain})
        assert plan.passes(other, Counter(hdbet=1)) == 4 * each


def test_a_study_without_rows_is_planned() -> None:
    prep = Study.from_config({k: v for k, v in raw_config([]).items() if k in ("name", "datasets")})
    assert plan.volumes(prep) == 0
    assert "0.0  training" in plan.text(prep, Counter(register=3), COSTS, PROFILE)


def test_the_table_holds_only_methods_and_rules_that_there_are() -> None:
    assert set(COSTS["work"]) <= set(registry.names("methods"))
    text = "".join(path.read_text() for path in Path(ROOT, "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    named = {rule for units in COSTS["cpu"].values() for each in units.values() for rule in each}
    assert named | set(PROFILE["groups"]) <= rules | {"deepbet", "hdbet"}, (
        "these two are named by data set and chunk"
    )


def test_the_plan_in_words(study: Study) -> None:
    said = plan.text(study, JOBS, COSTS, PROFILE)
    assert said.startswith(f"Study ci: {JOBS.total()} jobs, ")
    for words in ("core hours", "GPU hours at 30 TFLOP/s", "GB on disk", "without a GPU"):
        assert words in said
