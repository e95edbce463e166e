"""Covers all rules: the smallest study runs from raw heads to table; a change reruns exactly what it affects."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from command import ROOT
from plans import planned

JUDGED = {"audit_used", "statistics", "table"}
SHOWN = {"pictures", "charts", "report", "all"}


def test_raw_heads_become_a_table(ran) -> None:  # type: ignore[no-untyped-def]
    with open(ran.folder / "results/table1.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["kind"] for row in rows].count("method") == 22
    assert [row["kind"] for row in rows].count("trivial") == 4
    for row in rows:
        for testset in ("tumour", "stroke", "draem"):
            assert 0 <= float(row[f"{testset}_dice_mean"]) <= 100
            assert 0 <= float(row[f"{testset}_auprc_mean"]) <= 100


def test_outputs_are_where_the_readme_says(ran) -> None:  # type: ignore[no-untyped-def]
    page = (ROOT / "results/README.md").read_text().partition("\n## ")[0]
    said = re.findall(r"^\| `([^`]+)`", page, re.MULTILINE)
    assert said
    for path in said:
        assert list(Path(ran.folder, "results").glob(re.sub(r"\{\w+\}", "*", path))), path


def test_a_second_run_has_nothing_to_do(ran) -> None:  # type: ignore[no-untyped-def]
    assert "Nothing to be done" in ran("--dry-run").stdout + ran("--dry-run").stderr


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"score": {"beta": 0.7}}, {"evaluate", *JUDGED, *SHOWN}),
        ({"hyper": {"unet@stroke": {"lr": 0.001}}}, {"train", "predict", "evaluate", *JUDGED, *SHOWN}),
        ({"statistics": {"resamples": 200}}, {"statistics", "report", "all"}),
        (
            {"training": {"seeds": 2}},
            {"train", "reconstruct", "predict", "evaluate", *JUDGED, "report", "all"},
        ),
        (
            {"quality": {"overlap": 0.5}},
            {
                "grid",
                "pack",
                "synthesise",
                "train",
                "reconstruct",
                "predict",
                "trivial",
                "evaluate",
                "checks",
                "qc",
                *JUDGED,
                *SHOWN,
            },
        ),
    ],
)
def test_a_change_reruns_what_depends_on_it(ran, change: dict[str, Any], rules: set[str]) -> None:  # type: ignore[no-untyped-def]
    jobs = planned(ran("--dry-run", overlay=change).stdout)
    assert set(jobs) == rules


def test_a_changed_learning_rate_retrains_one_model(ran) -> None:  # type: ignore[no-untyped-def]
    jobs = planned(ran("--dry-run", overlay={"hyper": {"unet@stroke": {"lr": 0.001}}}).stdout)
    assert (jobs["train"], jobs["predict"]) == (1, 1)
    assert jobs["evaluate"] == 2, "the rows Unet-STROKE and SADM-STROKE"


def test_a_further_seed_trains_each_model_once_more_and_no_other_again(ran) -> None:  # type: ignore[no-untyped-def]
    plan = ran("--dry-run", overlay={"training": {"seeds": 2}}).stdout
    trained = re.findall(r"results/models/([^/]+)/fold0(\w*)/weights", plan)
    assert {seed for _, seed in trained} == {"_seed2"}
    assert planned(plan)["train"] == len({model for model, _ in trained})
    assert planned(plan)["evaluate"] == 22, "trivial scores learn nothing"


def test_a_slip_in_the_config_stops_before_the_dag(workflow) -> None:  # type: ignore[no-untyped-def]
    done = workflow("--dry-run", overlay={"sed": 1}, conda=False)
    assert done.returncode != 0
    assert "did you mean 'seed'" in done.stdout + done.stderr
