"""A study stands beside the paper only if it differs in nothing that the paper fixes."""

from copy import deepcopy
from typing import Any

import pytest
from small_study import ROOT

from sadm.report.comparable import differs_from_paper
from sadm.study.loader import raw_config
from sadm.study.study import Study

CHANGES: dict[str, tuple[tuple[str, ...], Any]] = {
    "one epoch": (("hyper", "cddpm", "epochs"), 1),
    "other channels": (("hyper", "unet", "channels"), [8]),
    "another learning rate of one training set": (("hyper", "unet@brats"), {"lr": 0.1}),
    "random features": (("imagenet", "weights"), "random"),
    "more annotations": (("datasets", "brats", "annotated"), 900),
    "another validation": (("datasets", "atlas", "annotated_val"), 1),
    "another brain": (("datasets", "ixi", "brain"), "deepbet"),
    "another HD-BET": (("brain", "hdbet"), 2),
    "fewer networks": (("brain", "models"), 1),
    "another weight": (("score", "beta"), 0.4),
    "another search": (("score", "search"), "greedy"),
    "other anomalies": (("draem", "per_image"), 1),
    "other sizes": (("grid", "crop"), 0),
    "other folds": (("splits", "folds"), 2),
}


@pytest.fixture(scope="module")
def paper() -> dict[str, Any]:
    return Study.from_config(raw_config([ROOT / "studies/paper.yaml"])).config


def test_the_papers_study_does_not_differ(paper: dict[str, Any]):
    assert differs_from_paper(Study.from_config(paper).config) == []


def test_reporting_and_machines_are_no_difference(paper: dict[str, Any]):
    config = deepcopy(paper)
    config |= {"score": {"rates": [0.02]}, "training": {"device": "cpu"}}
    assert differs_from_paper(Study.from_config(config).config) == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told(paper: dict[str, Any], change: str):
    (*path, key), value = CHANGES[change]
    config = deepcopy(paper)
    place = config
    for name in path:
        place = place.setdefault(name, {})
    place[key] = value
    found = differs_from_paper(Study.from_config(config).config)
    assert len(found) == 1, found
    assert key.partition("@")[0] in found[0] or key == "weights"


def test_the_demo_tells_its_data_sets_and_folds():
    demo = Study.from_config(raw_config([])).config
    found = differs_from_paper(demo)
    assert found[0] == "data sets by demo, demo, demo"
    assert "splits.folds 2, not 5" in found
