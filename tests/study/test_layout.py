"""The layout of a study: training sets of its rows, runs, printed names, marks."""

from pathlib import Path

import pytest

from sadm.study.layout import RANDOM, Layout
from sadm.study.loader import raw_config
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.from_config(raw_config([]))


def test_a_row_names_the_training_sets_of_its_models_and_their_needs(study: Study) -> None:
    rows = study.layout.rows
    assert rows["cDDPM"] == ["healthy"]
    assert rows["Unet-STROKE"] == ["stroke"]
    assert rows["Unet_res-STROKE"] == ["healthy", "stroke"], "it needs the reconstructions of cDDPM"


def test_every_row_fold_and_seed_is_a_run(study: Study) -> None:
    many = Study.from_config(study.config | {"training": study.config["training"] | {"seeds": 2}})
    layout = many.layout
    assert many.seeds == ["", "_seed2"]
    assert ("cDDPM", 1, 2) in layout.runs
    assert (
        len(set(layout.runs)) == len(layout.runs) == study.folds * (2 * len(study.rows) + len(study.trivial))
    )
    assert layout.all_rows[-len(study.trivial) :] == list(study.trivial)


def test_names_are_printed_as_the_config_says(study: Study) -> None:
    assert study.layout.titles["stroke"] == study.datasets["stroke"]["title"]
    assert study.layout.titles["draem"] == "DRAEM"
    assert study.layout.heads("SADM-DRAEM")[0] == "SADM"
    assert study.layout.heads("mean-abs")[1] == study.layout.titles["healthy"]


def test_what_no_patient_and_no_annotation_is_behind_is_told(study: Study) -> None:
    assert study.layout.painted == ["healthy", "tumour", "stroke"]
    assert study.layout.synthetic == {"PII": "PII"}
    assert study.layout.heads("PII")[2] == "PII"
    real = Study.from_config(raw_config([ROOT / "studies/paper.yaml"]))
    assert real.layout.painted == []


@pytest.mark.parametrize(("weights", "marked"), [("fetch", {}), ("random", {"FAE": RANDOM, "RD": RANDOM})])
def test_rows_with_random_features_are_marked(weights: str, marked: dict[str, str]) -> None:
    assert (
        Study.from_config(
            raw_config([ROOT / "studies/paper.yaml"], {"imagenet": {"weights": weights}})
        ).layout.marks
        == marked
    )


def test_its_fields_make_it_anew(study: Study) -> None:
    assert Layout(**vars(study.layout)) == study.layout
