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
    "bias.shrink": (3, "shrink factor 3"),
    "bias.iterations": ([7, 6], "7/6 iterations"),
    "quality.brain_ml": ([850, 1950], "brain volume 850 to 1950 ml"),
    "quality.overlap": (0.91, "brain at least 0.91"),
    "quality.given_overlap": (0.77, "brain at least 0.77"),
    "quality.coverage": (0.71, "octant, at least 0.71"),
    "quality.given_coverage": (0.51, "octant, at least 0.51"),
    "quality.nmi": (0.061, "atlas at least 0.061"),
    "quality.given_nmi": (0.013, "atlas at least 0.013"),
    "quality.correlation": (0.41, "atlas at least 0.41"),
    "quality.given_correlation": (0.11, "atlas at least 0.11"),
    "quality.outside": (0.03, "at most 0.03"),
    "quality.stretch": (3.5, "at most 3.5 standard"),
    "quality.rotation": (45, "at most 45 degrees"),
    "quality.on_failure": ("stop", "would have stopped"),
    "splits.folds": (3, "3 folds"),
    "splits.test": (5, "with 5 test"),
    "splits.val": (3, "3 validation and"),
    "splits.train": (9, "and 9 subjects for training"),
    "splits.annotated_folds": ("rotate", "other ones of them for validation"),
    "training.seeds": (2, "trained 2 times in each fold"),
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
    assert said - own - sizes <= {"2010", "2019", "2024", "99", "0", "1", "2", "4", "8", "30", "0.5", "0.05"}


@pytest.mark.parametrize("name", CHANGES)
def test_each_number_follows_the_study(demo: dict[str, Any], name: str):
    section, key = name.split(".")
    value, said = CHANGES[name]
    config = deepcopy(demo)
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
    ):
        assert part in said


def test_random_features_are_said():
    paper = raw_config([ROOT / "studies/paper.yaml"])
    assert "have ImageNet weights" in text(paper)
    assert "have random weights, not ImageNet's" in text(paper | {"imagenet": {"weights": "random"}})
