"""The check of a prepared scan: each fault is named, alone."""

import numpy as np
import pytest

from sadm.preprocess.quality import components, dice, judge

GOOD = {
    "finite": True,
    "brain_ml": 1400.0,
    "components": 1,
    "largest_component": 1.0,
    "overlap": 0.95,
    "intensity_range": 500.0,
}


def test_a_good_scan_passes():
    assert judge(GOOD, [900, 1900], 0.85) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"finite": False}, "no numbers"),
        ({"brain_ml": 0.0, "components": 0, "overlap": 0.0, "intensity_range": 0.0}, "empty"),
        ({"brain_ml": 800.0}, "800 ml, not 900 to 1900"),
        ({"brain_ml": 2000.0}, "2000 ml"),
        ({"components": 3, "largest_component": 0.9}, "3 parts"),
        ({"overlap": 0.8}, "0.800, not 0.850"),
        ({"intensity_range": 0.0}, "same everywhere"),
    ],
)
def test_each_fault_is_named_alone(change, words):
    reasons = judge(GOOD | change, [900, 1900], 0.85)
    assert len(reasons) == 1
    assert words in reasons[0]


def test_specks_of_the_mask_are_tolerated():
    assert judge(GOOD | {"components": 4, "largest_component": 0.999}, [900, 1900], 0.85) == []


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
