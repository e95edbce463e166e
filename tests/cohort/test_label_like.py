"""Masks and maps of labels are told from scans by their values."""

import numpy as np
import pytest

from sadm.cohort.label_like import no_intensities

GRID = np.indices((40, 40, 40))
BALL = ((GRID - 19.5) ** 2).sum(0) < 15**2
NOISE = np.random.default_rng(0).standard_normal(BALL.shape)
AREAS = np.where(BALL, 1 + (GRID // 8 * np.array([1, 5, 25]).reshape(3, 1, 1, 1)).sum(0), 0)


@pytest.mark.parametrize("data", [BALL * 1, BALL * 255, BALL * 2 + 1, BALL * 0.5])
def test_two_values_are_a_mask(data: np.ndarray) -> None:
    assert no_intensities(data.astype(np.float32)).startswith("a mask")


@pytest.mark.parametrize("data", [AREAS, AREAS % 4 * BALL, AREAS + 1000 * BALL])
def test_few_whole_numbers_in_areas_are_labels(data: np.ndarray) -> None:
    assert no_intensities(data.astype(np.float32)).startswith("a map of labels")


@pytest.mark.parametrize(
    "data",
    [BALL * (600 + 40 * NOISE), (BALL * (60 + 20 * NOISE)).round(), (BALL * (60 + 8 * np.cos(GRID.sum(0) / 5) + 2 * NOISE)).round(),
     BALL * (AREAS / 125 + 0.1)],
    ids=["float", "8 bits", "smooth in 8 bits", "fractions"],
)  # fmt: skip
def test_scans_are_scans(data: np.ndarray) -> None:
    assert no_intensities(data.astype(np.float32)) == ""
