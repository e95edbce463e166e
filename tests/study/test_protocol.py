"""What a study is called is derived from its values: paper, released, or the keys in which it differs."""

from copy import deepcopy
from typing import Any

import pytest

from sadm.study.loader import RELEASED, ROOT, raw_config, read
from sadm.study.study import Study

PAPER = ROOT / "studies/paper.yaml"


def study(*files: Any, **given: Any) -> Study:
    return Study.from_config(raw_config(files or [PAPER], given))


def test_the_papers_study_and_the_overlay_have_their_names() -> None:
    assert study().protocol == "paper"
    assert study(PAPER, RELEASED).protocol == "released"


def test_the_key_brings_the_overlay_and_is_no_word_alone() -> None:
    found = study(protocol="released")
    assert found.protocol == "released"
    assert {k: v for k, v in found.config.items() if k != "protocol"} == {
        k: v for k, v in study(PAPER, RELEASED).config.items() if k != "protocol"
    }
    raw = raw_config([PAPER]) | {"protocol": "released"}
    assert Study.from_config(raw).protocol == "paper", "values count, not the word"


def test_what_a_study_says_stands_over_the_overlay() -> None:
    found = study(protocol="released", score={"search": "exact"})
    assert found.section("score")["search"] == "exact"
    assert found.section("grid")["curvature_flow"] == 3
    assert "score.search" not in found.protocol
    assert "grid.curvature_flow" in found.protocol


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [(section, key, value) for section, said in read(RELEASED).items() if section not in ("hyper", "protocol") for key, value in said.items()],
)  # fmt: skip
def test_each_released_value_is_legal_and_told_under_the_paper(section: str, key: str, value: Any) -> None:
    own = study().section(section)[key]
    changed = study(**{section: {key: value}})
    assert changed.protocol == ("paper" if own == value else f"paper, but: {section}.{key}")
    back = study(PAPER, RELEASED, **{section: {key: own}})
    assert back.protocol == "released" if own == value else back.protocol.startswith("paper, but: ")
    assert own == value or f"{section}.{key}" not in back.protocol


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hyper": {"unet": {"channels": [8, 16]}}}, "hyper.unet.channels"),
        ({"hyper": {"unet@brats": {"lr": 0.1}}}, "hyper.unet@brats.lr"),
        ({"hyper": {"spark": {"epochs": 7}}}, "hyper.spark.epochs"),
        ({"splits": {"folds": 2}}, "splits.folds"),
        ({"imagenet": {"weights": "random"}}, "imagenet.weights"),
        ({"size": "small", "imagenet": {"weights": "random"}}, "size, imagenet.weights"),
        ({"training": {"amp": False, "seeds": 2}}, "training.amp, training.seeds"),
        ({"quality": {"overlap": [0.5, 0.9]}}, "quality.overlap"),
        ({"datasets": {"brats": {"annotated": 50}}}, "datasets.brats.annotated"),
        ({"datasets": {"atlas": {"importer": "folder"}}}, "datasets"),
    ],
)
def test_a_changed_value_is_told(change: dict[str, Any], said: str) -> None:
    assert study(**change).protocol == f"paper, but: {said}"


def test_where_a_job_runs_and_what_only_further_measures_read_is_no_difference() -> None:
    changes = {
        "seed": 1,
        "name": "other",
        "training": {"device": "cpu", "threads": 3},
        "brain": {"chunk": 5},
        "statistics": {"resamples": 200},
        "score": {"rates": [0.2]},
        "imagenet": {"weights": "weights/of/torchvision"},
    }
    assert study(**changes).protocol == "paper"


def test_rows_that_are_not_there_count_nowhere() -> None:
    few = raw_config([PAPER]) | {"rows": {"AE": "ae"}, "figures": [], "hyper": {"cddpm": {"epochs": 3}}}
    assert Study.from_config(few).protocol == "paper"


def test_the_authors_volumes_are_the_papers_data_sets() -> None:
    raw = deepcopy(raw_config([PAPER, RELEASED]))
    for name, part in (("ixi", "ixi"), ("brats", "Brats21"), ("atlas", "ATLAS_v2")):
        raw["datasets"][name] |= {
            "importer": "released",
            "brain": "given",
            "options": {"path": "x", "part": part},
        }
    assert Study.from_config(raw).protocol == "released"
    raw["datasets"]["ixi"]["brain"] = "deepbet"
    assert "datasets.ixi.brain" in Study.from_config(raw).protocol
