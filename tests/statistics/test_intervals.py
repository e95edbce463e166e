"""Intervals by scipy, by a loop, and by what they cover."""

import numpy as np
import pytest
from scipy import stats

from sadm.statistics.bootstrap import resampled
from sadm.statistics.intervals import FEW, intervals, limits, student


def drawn(values: np.ndarray, volumes: np.ndarray | None = None, **range_: float) -> tuple[float, float]:
    """The interval of one column."""
    each = np.ones_like(values) if volumes is None else volumes
    low, high = intervals(values[:, None], each[:, None], 4000, 0.95, np.random.default_rng(0), **range_)
    return low[0], high[0]


def test_few_subjects_have_students_interval_of_their_means() -> None:
    draw = np.random.default_rng(3)
    for count in (2, 3, 9, FEW - 1):
        values = draw.random(count)
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert drawn(values) == pytest.approx(tuple(expected), abs=1e-12)
        assert drawn(2 * values, np.full(count, 2.0)) == pytest.approx(tuple(expected), abs=1e-12)


def test_it_is_around_the_mean_over_volumes() -> None:
    sums, volumes = np.array([0.2, 0.9, 1.5, 0.4]), np.array([1.0, 1, 3, 2])
    low, high = drawn(sums, volumes)
    assert (low + high) / 2 == pytest.approx(sums.sum() / volumes.sum())


def test_many_subjects_have_scipys_bootstrap_up_to_chance() -> None:
    values = np.random.default_rng(2).gamma(2, 1, 60)
    other = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", random_state=1)
    assert drawn(values) == pytest.approx(tuple(other.confidence_interval), abs=0.04)


def test_the_ends_are_those_of_the_resampled_means() -> None:
    values, ones = np.random.default_rng(2).random((2, FEW, 3))[0], np.ones((FEW, 3))
    low, high = intervals(values, ones, 300, 0.9, np.random.default_rng(5))
    means = resampled(values, ones, 300, np.random.default_rng(5))
    np.testing.assert_allclose([low, high], np.quantile(means, [0.05, 0.95], axis=0))


def test_ends_are_cut_at_the_range_and_one_subject_has_none() -> None:
    assert drawn(np.array([0.0, 0.9, 1.0]), low=0.0, high=1.0) == (0, 1)
    assert np.isnan(drawn(np.array([0.5]))).all()
    assert np.isnan(drawn(np.zeros(4), np.zeros(4))).all()
    assert limits("dice_healthy_1") == limits("pq") == (0, 1)
    assert limits("false_ml") == limits("hd95") == (0, np.inf)


@pytest.mark.parametrize("count", [3, 4, 7, 15])
def test_students_interval_covers_what_it_says(count: int) -> None:
    values = np.random.default_rng(count).normal(size=(count, 20_000))
    low, high = student(values, np.ones_like(values), 0.95)
    assert np.mean((low < 0) & (high > 0)) == pytest.approx(0.95, abs=0.01)
