"""Resamples and their means, recomputed by a loop over subjects."""

import numpy as np
import pytest

from sadm.statistics.bootstrap import resampled, resamples


def test_resamples_draw_as_many_subjects_as_there_are() -> None:
    counts = np.concatenate(list(resamples(7, 1100, np.random.default_rng(0))))
    assert counts.shape == (1100, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.var(axis=0) == pytest.approx(1 - 1 / 7, abs=0.15)


def test_means_are_those_of_a_loop_over_subjects() -> None:
    draw = np.random.default_rng(1)
    sums, volumes = draw.random((9, 2)), draw.integers(1, 3, (9, 2))
    found = resampled(sums, volumes, 600, np.random.default_rng(5))
    means = []
    for counts in np.concatenate(list(resamples(9, 600, np.random.default_rng(5)))):
        chosen = np.repeat(np.arange(9), counts.astype(int))
        means.append(sums[chosen].sum(axis=0) / volumes[chosen].sum(axis=0))
    np.testing.assert_allclose(found, means, atol=1e-12)
