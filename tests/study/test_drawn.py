"""What is drawn of a study: maps, reconstructions, groups of rows, names of the figures."""

from pathlib import Path

import pytest
import yaml

from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.from_config(yaml.safe_load((ROOT / "config.yaml").read_text()))


def test_every_row_has_its_maps_and_reconstructions(study: Study) -> None:
    drawn = study.drawn
    assert list(drawn.rows) == [*study.rows, *study.trivial]
    assert drawn.rows["SADM_res-DRAEM"] == ["cddpm", "unet_res-draem"]
    assert drawn.rows["random"] == ["random"]
    assert "spark" not in drawn.models, "it only prepares another model"
    assert len(set(drawn.models)) == len(drawn.models) == len(study.models) - 1 + len(study.trivial)
    assert drawn.reconstructors["SADM_res-DRAEM"] == ["cddpm"]
    assert drawn.reconstructors["Unet-DRAEM"] == []
    assert set(drawn.reconstructing) == {"ae", "vae", "dae", "ddpm", "pddpm", "cddpm"}


def test_rows_are_grouped_by_what_they_learnt_from(study: Study) -> None:
    groups = study.drawn.groups
    assert list(groups) == [
        "healthy scans",
        *(f"trained on {study.layout.titles[name]}" for name in ("draem", "tumour", "stroke")),
        "trivial",
    ]
    assert groups["trivial"] == list(study.trivial)
    assert {"Unet-STROKE", "SADM_res-STROKE"} <= set(groups[f"trained on {study.layout.titles['stroke']}"])
    assert sorted(row for rows in groups.values() for row in rows) == sorted(study.drawn.rows)


def test_figures_are_those_that_the_study_has_results_for(study: Study) -> None:
    assert study.drawn.pictures[-1] == "anomalies"
    assert {"stroke_cases", "draem_methods"} <= set(study.drawn.pictures)
    assert study.drawn.charts == ["beta", *study.drawn.numbers[1:], "training"]
    few = {"rows": {"AE": "ae"}, "testsets": ["stroke"], "hyper": {}, "figures": []}
    small = Study.from_config(study.config | few)
    assert small.drawn.pictures == ["stroke_cases", "stroke_methods"]
    assert small.drawn.charts == ["precision_recall", "lesion_volume", "training"]
    assert small.drawn.numbers == ["precision_recall", "lesion_volume"]


def test_jobs_are_told_the_row_of_each_test_set_and_where_its_scans_come_from(study: Study) -> None:
    about = study.drawn.about
    assert about["shown"] == study.shown
    assert about["sources"] == {"tumour": "tumour", "stroke": "stroke", "draem": "healthy"}
    assert about["beta"] == study.beta("SADM-STROKE")


def test_models_tell_how_much_they_are_trained(study: Study) -> None:
    hyper = study.hyper("unet-draem")
    assert study.trained["unet-draem"] == ("healthy", hyper["epochs"], hyper["slices"])
    assert list(study.trained) == study.models
