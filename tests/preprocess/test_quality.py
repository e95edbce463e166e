"""The check of a prepared scan: each fault is named, alone."""

from dataclasses import asdict

import numpy as np
import pytest

from sadm.preprocess.quality import (
    components,
    correlation,
    coverage,
    dice,
    judge,
    nmi,
    rotation,
    stretch,
)
from sadm.study.keys.preparation import Quality

GOOD = {
    "finite": True,
    "brain_ml": 1400.0,
    "components": 1,
    "largest_component": 1.0,
    "overlap": 0.95,
    "intensity_range": 500.0,
    "coverage": 0.95,
    "nmi": 0.11,
    "correlation": 0.68,
    "outside": 0.0,
    "stretch": 1.2,
    "rotation": 8.0,
}
LIMITS = asdict(Quality())


def test_a_good_scan_passes():
    assert judge(GOOD, LIMITS) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"finite": False}, "no numbers"),
        ({"brain_ml": 0.0, "components": 0, "overlap": 0.0, "intensity_range": 0.0}, "empty"),
        ({"brain_ml": 800.0}, "800 ml, not 900 to 1900"),
        ({"brain_ml": 2000.0}, "2000 ml"),
        ({"components": 3, "largest_component": 0.9}, "3 parts"),
        ({"overlap": 0.8}, "0.800, not 0.930"),
        ({"intensity_range": 0.0}, "same everywhere"),
        ({"coverage": 0.4}, "share of only 0.400, not 0.800"),
        ({"nmi": 0.01}, "only 0.010, not 0.055"),
        ({"correlation": -0.3}, "not that of a T1"),
        ({"outside": 0.2}, "0.2, more than 0.02"),
        ({"stretch": 5.0}, "voxel size is wrong"),
        ({"rotation": 170.0}, "turned by degrees 170, more than 60"),
    ],
)
def test_each_fault_is_named_alone(change, words):
    reasons = judge(GOOD | change, LIMITS)
    assert len(reasons) == 1
    assert words in reasons[0]


def test_specks_of_the_mask_are_tolerated():
    assert judge(GOOD | {"components": 4, "largest_component": 0.999}, LIMITS) == []


def test_components_and_dice():
    mask = np.zeros((8, 8, 8), dtype=np.uint8)
    mask[:4, :4, :4] = 1
    mask[6, 6, 6] = 1
    assert components(mask) == (2, 64 / 65)
    assert components(np.zeros((3, 3, 3))) == (0, 0.0)
    other = np.zeros_like(mask)
    other[2:4, :4, :4] = 1
    assert dice(mask, other) == pytest.approx(2 * 32 / (65 + 32))
    assert dice(np.zeros(3), np.zeros(3)) == 0


def test_images_are_compared_as_mutual_information_and_correlation_say():
    rng = np.random.default_rng(0)
    a, b = rng.random((40, 40, 40)), rng.random((40, 40, 40))
    assert nmi(a, a) == pytest.approx(1)
    assert nmi(a, 1 - a) == pytest.approx(1)
    assert nmi(a, b) < 0.01
    assert nmi(np.zeros(9), np.zeros(9)) == 0
    assert correlation(a, 3 - 2 * a) == pytest.approx(-1)
    assert correlation(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    assert correlation(a, np.ones_like(a)) == 0


def test_the_worst_octant_counts():
    brain = np.zeros((10, 10, 10))
    brain[1:9, 1:9, 1:9] = 1
    mask = brain.copy()
    assert coverage(mask, brain) == 1
    mask[4:, 4:, 4:] = 0
    assert coverage(mask, brain) == 0


def test_a_head_of_the_mean_stretch_lies_at_0_and_a_wrong_voxel_size_far_off():
    mean = np.diag([0.975, 0.985, 0.973, 1.0])
    assert stretch(mean) == pytest.approx(0, abs=1e-9)
    turned = np.eye(4)
    turned[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    assert stretch(turned @ mean) == pytest.approx(0, abs=1e-9)
    assert stretch(mean @ np.diag([1.2, 1.2, 1.2, 1])) > 3.6
    assert stretch(np.zeros((4, 4))) == np.inf
    assert rotation(turned @ mean) == pytest.approx(90, abs=0.5)
    assert rotation(np.diag([-1.0, 1, 1, 1])) == 180
