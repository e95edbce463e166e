"""Intervals and tests recomputed by hand and by other libraries."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sadm.statistics.bootstrap import holm, intervals, paired, resamples, wilcoxon


def test_resamples_draw_as_many_subjects_as_there_are() -> None:
    counts = np.concatenate(list(resamples(7, 1100, np.random.default_rng(0))))
    assert counts.shape == (1100, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.var(axis=0) == pytest.approx(1 - 1 / 7, abs=0.15)


def test_interval_is_that_of_a_loop_over_subjects() -> None:
    draw = np.random.default_rng(1)
    sums, volumes = draw.random((9, 2)), draw.integers(1, 3, (9, 2))
    low, high = intervals(sums, volumes, 600, 0.9, np.random.default_rng(5))
    means = []
    for counts in np.concatenate(list(resamples(9, 600, np.random.default_rng(5)))):
        chosen = np.repeat(np.arange(9), counts.astype(int))
        means.append(sums[chosen].sum(axis=0) / volumes[chosen].sum(axis=0))
    np.testing.assert_allclose([low, high], np.quantile(means, [0.05, 0.95], axis=0), atol=1e-12)


def test_interval_is_scipys_up_to_chance() -> None:
    values = np.random.default_rng(2).gamma(2, 1, 60)
    low, high = intervals(values[:, None], np.ones((60, 1)), 10000, 0.95, np.random.default_rng(0))
    other = stats.bootstrap((values,), np.mean, n_resamples=10000, method="percentile", random_state=1)
    assert (low[0], high[0]) == pytest.approx(tuple(other.confidence_interval), abs=0.03)


def test_nothing_measured_has_no_interval() -> None:
    low, high = intervals(np.zeros((4, 1)), np.zeros((4, 1)), 200, 0.95, np.random.default_rng(0))
    assert np.isnan([low[0], high[0]]).all()


def test_holm_is_statsmodels() -> None:
    for seed in range(50):
        p = np.random.default_rng(seed).random(seed % 9 + 1) ** 3
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)
    assert np.isnan(holm(np.array([0.01, np.nan, 0.04]))[1])
    assert holm(np.array([0.01, np.nan, 0.04]))[[0, 2]] == pytest.approx([0.02, 0.04])


def test_pairs_are_scipys_and_rows_that_never_differ_have_p_one() -> None:
    values = np.random.default_rng(3).random((20, 2))
    found = paired(np.c_[values, values[:, 0]], ["a", "b", "c"])
    assert [(f["row_a"], f["row_b"]) for f in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0]["p"] == stats.wilcoxon(values[:, 0], values[:, 1]).pvalue
    assert (found[1]["p"], found[1]["difference"], found[1]["subjects"]) == (1, 0, 20)


@pytest.mark.parametrize("zeros", [0, 1, 13, 40])
def test_the_signed_rank_test_is_exact_with_zeros_dropped(zeros: int) -> None:
    signs = np.array(list(product((-1, 1), repeat=6)))
    values = np.array([0.3, -0.1, 0.7, 0.2, 0.45, 0.61])
    ranks = stats.rankdata(abs(values))
    sums = (signs * ranks).sum(axis=1)
    expected = np.mean(abs(sums) >= abs((np.sign(values) * ranks).sum()))
    assert wilcoxon(np.r_[np.zeros(zeros), values]) == pytest.approx(expected, abs=1e-12)
    assert wilcoxon(np.r_[np.zeros(zeros), 0.5]) == 1, "one difference says nothing"
    assert wilcoxon(np.zeros(zeros + 1)) == 1
    assert np.isnan(wilcoxon(np.zeros(0)))
