"""The text to copy says what ran: each number of it follows the study."""

import re
from copy import deepcopy
from typing import Any

import pytest
from small_report import told
from small_study import ROOT

from sadm.report import methods_text as words
from sadm.study.loader import raw_config
from sadm.study.study import Study

CHANGES: dict[str, tuple[Any, str]] = {
    "grid.shape": ([128, 96, 80], "128 x 96 x 80 voxels"),
    "grid.spacing": (1.25, "of 1.25 mm"),
    "grid.downsample": (4, "blocks of 4 voxels"),
    "grid.crop": (3, "; 3 axial slices"),
    "grid.curvature_flow": (2, "after 2 iterations of curvature flow"),
    "grid.resampling": ("bspline", "cubic B-spline at the centre of each block of 2 voxels"),
    "grid.labels": ("nearest", "by their nearest voxel"),
    "bias.shrink": (3, "shrink factor 3"),
    "bias.iterations": ([7, 6], "7/6 iterations"),
    "quality.brain_ml": ([510, 850, 1950, 2600], "brain volume 850 to 1950 ml (510 to 2600)"),
    "quality.overlap": ([0.71, 0.91], "brain at least 0.91 (0.71)"),
    "quality.given_overlap": ([0.61, 0.77], "brain at least 0.77 (0.61)"),
    "quality.coverage": ([0.3, 0.71], "octant, at least 0.71 (0.3)"),
    "quality.given_coverage": ([0.1, 0.51], "octant, at least 0.51 (0.1)"),
    "quality.nmi": ([0.02, 0.061], "atlas at least 0.061 (0.02)"),
    "quality.given_nmi": ([0.003, 0.013], "atlas at least 0.013 (0.003)"),
    "quality.correlation": ([0.1, 0.41], "atlas at least 0.41 (0.1)"),
    "quality.given_correlation": ([0.01, 0.11], "atlas at least 0.11 (0.01)"),
    "quality.outside": ([0.03, 0.3], "at most 0.03 (0.3)"),
    "quality.stretch": ([3.5, 9], "at most 3.5 standard deviations from adults' (9)"),
    "quality.rotation": ([45, 110], "at most 45 degrees (110)"),
    "quality.offset": ([13, 33], "at most 13 mm from the atlas brain's (33)"),
    "quality.on_failure": ("stop", "unusable and would have stopped"),
    "quality.on_unusual": ("exclude", "unusual and were excluded"),
    "splits.folds": (3, "3 folds"),
    "splits.test": (5, "with 5 test"),
    "splits.val": (3, "3 validation and"),
    "splits.train": (9, "and 9 subjects for training"),
    "splits.annotated_folds": ("rotate", "other ones of them for validation"),
    "training.seeds": (2, "trained 2 times in each fold"),
    "draem.threshold": ([0.3, 0.6], "above a number drawn from 0.3 to 0.6"),
    "draem.max_scale": (3, "2^3 cells"),
    "draem.probability": (0.5, "on 50 % of the slices"),
    "draem.per_image": (2, "2 of these"),
    "draem.augmenters": (["gamma", "invert", "solarize"], "(gamma, invert, solarize)"),
    "draem.source": ("mask", "filled with a constant"),
    "draem.within_brain": (True, "slices inside the brain"),
    "draem.blend": ([0.1, 0.9], "weight of 0.1 to 0.9"),
    "score.beta": (0.4, "beta 0.4"),
    "score.median": (3, "median (3 voxels)"),
    "score.ssim_sigma": (1.5, "sigma 1.5 voxels"),
    "score.search": ("greedy", "ten bisections"),
    "score.empty": ("zero", "counted as Dice 0"),
    "score.rates": ([0.02, 0.2], "those that 2, 20 %"),
    "score.tolerance": (1.5, "tolerance of 1.5 voxels"),
    "statistics.confidence": (0.9, "Intervals (90 %)"),
    "statistics.resamples": (444, "of 444 bootstrap"),
}


@pytest.fixture(scope="module")
def demo() -> dict[str, Any]:
    return raw_config([])


def text(config: dict[str, Any]) -> str:
    study = Study.from_config(deepcopy(config))
    said = told(study)
    return " ".join(
        (
            words.preprocessing(study.config, said),
            words.training(study.config, said),
            words.scoring(study.config),
        )
    )


def test_every_other_number_is_one_of_the_method(demo: dict[str, Any]):
    """The numbers of the text, less those of the config: years of citations, names (SRI24, N4, T1), and constants of the measures."""
    said = set(re.findall(r"\d+(?:\.\d+)?", text(demo)))
    own = set(re.findall(r"\d+(?:\.\d+)?", str(Study.from_config(deepcopy(demo)).config)))
    own |= {f"{100 * rate:g}" for rate in (0.01, 0.05, 0.1, 0.95)} | {f"{float(number):g}" for number in own}
    sizes = {"24", "48", "26"}  # of the grid, derived
    assert said - own - sizes <= {
        "2010",
        "2019",
        "2024",
        "99",
        "0",
        "1",
        "2",
        "4",
        "8",
        "9",
        "30",
        "0.5",
        "0.05",
        "256",
        "100",
    }


@pytest.mark.parametrize("name", CHANGES)
def test_each_number_follows_the_study(demo: dict[str, Any], name: str):
    section, key = name.split(".")
    value, said = CHANGES[name]
    config = deepcopy(demo)
    if key == "downsample":
        config["grid"]["shape"] = [160, 192, 80]  # slices stay 40 x 48
    config.setdefault(section, {})[key] = value
    assert said not in text(demo)
    assert said in text(config)


def test_lengths_and_annotations_are_those_of_the_models(demo: dict[str, Any]):
    config = deepcopy(demo)
    config["hyper"] = config.get("hyper", {}) | {"ae": {"epochs": 17}}
    config["datasets"]["tumour"] |= {"annotated": 7, "annotated_val": 3}
    said = text(config)
    assert re.search(r"\bae: 17 epochs", said)
    assert "demo tumour 7, of these 3 for validation" in said
    assert "demo healthy, demo stroke: brain volume" in said, "these are registered and stripped here"
    assert "demo tumour: brain volume" in said, "this one comes stripped, and is judged by other limits"


def test_the_papers_study_in_words():
    said = text(raw_config([ROOT / "studies/paper.yaml"]))
    for part in (
        "IXI, ATLAS: HD-BET 1 (Isensee et al. 2019; 5 networks, mean over 8 mirrorings)",
        "1600 epochs of 1 slice a volume",
        "once in each fold",
        "358 subjects for training",
        "have ImageNet weights",
        "BRATS 100, of these 10",
        "2^0 to 2^6 cells on 256 mm an axis, above 0.5, filled with the noise itself",
    ):
        assert part in said


def test_random_features_are_said():
    paper = raw_config([ROOT / "studies/paper.yaml"])
    assert "have ImageNet weights" in text(paper)
    assert "have random weights, not ImageNet's" in text(paper | {"imagenet": {"weights": "random"}})
