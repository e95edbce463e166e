"""Paired tests recomputed by hand and by other libraries."""

from itertools import product

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sadm.statistics.paired import holm, paired, wilcoxon


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
