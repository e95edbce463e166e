"""Metrics: equal to brute force over all thresholds and to scikit-learn on the whole volume."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from sadm.errors import ProcessingError
from sadm.metrics import best_dice_auprc

TIED = arrays(
    np.float64, st.shared(st.integers(1, 60), key="n"), elements=st.integers(0, 7).map(lambda k: k / 7)
)
LABEL = arrays(bool, st.shared(st.integers(1, 60), key="n"))


def brute_dice(score: np.ndarray, label: np.ndarray) -> float:
    """Best Dice of "score > t" over every t >= 0 that makes a difference."""
    found = (score > t for t in np.unique(np.r_[0, score.ravel()]))
    return max(2 * (f & label).sum() / (f.sum() + label.sum()) for f in found)


@settings(max_examples=200, deadline=None)
@given(TIED, LABEL)
def test_equal_to_brute_force_with_ties(score, label):
    found = best_dice_auprc(score, label)
    assert found.lesion_voxels == label.sum()
    assert found.empty == int(not label.any())
    if found.empty:
        assert np.isnan([found.dice, found.auprc, found.threshold]).all()
        return
    assert found.dice == pytest.approx(brute_dice(score, label), abs=1e-12)
    assert found.auprc == pytest.approx(average_precision_score(label, score), abs=1e-12)
    if found.dice > 0:
        predicted = score >= found.threshold
        assert 2 * (predicted & label).sum() / (predicted.sum() + label.sum()) == pytest.approx(
            found.dice, abs=1e-12
        )


@settings(max_examples=100, deadline=None)
@given(TIED, LABEL, st.integers(0, 500), st.integers(0, 20))
def test_voxels_outside_the_brain_by_count_are_the_whole_volume(score, label, without, within):
    whole_score = np.r_[score, np.zeros(without + within)]
    whole_label = np.r_[label, np.zeros(without, bool), np.ones(within, bool)]
    np.testing.assert_allclose(
        best_dice_auprc(score, label, outside=(without, within)),
        best_dice_auprc(whole_score, whole_label),
        atol=1e-12,
    )


def test_a_score_of_zero_is_never_a_finding():
    """Predicting everything would give Dice 0.8 here, but no threshold t >= 0 has 0 > t."""
    found = best_dice_auprc(np.zeros(3), np.array([1, 1, 0]))
    assert found.dice == 0
    assert np.isnan(found.threshold)
    assert found.auprc == pytest.approx(2 / 3)


def test_perfect_score_and_a_missed_part_outside_the_brain():
    label = np.r_[np.ones(10), np.zeros(90)]
    assert best_dice_auprc(label, label)[:3] == (1, 1, 1)
    assert best_dice_auprc(label, label, outside=(1000, 10)).dice == pytest.approx(2 * 10 / (10 + 20))


@pytest.mark.parametrize("bad", [-0.1, np.nan])
def test_a_negative_or_missing_score_is_an_error(bad):
    with pytest.raises(ProcessingError, match="below 0 or no number"):
        best_dice_auprc(np.array([0.5, bad]), np.array([1, 0]))


def test_a_big_float16_volume_equals_sklearn_on_all_voxels():
    draw = np.random.default_rng(0)
    brain = draw.random((10, 30, 30)) < 0.4
    score = (draw.random(brain.shape) * brain).astype(np.float16).astype(np.float32)
    label = draw.random(brain.shape) < 0.02 + 0.05 * score
    assert (label & ~brain).any()
    outside = (np.count_nonzero(~brain & ~label), np.count_nonzero(~brain & label))
    found = best_dice_auprc(score[brain], label[brain], outside)
    assert found.auprc == pytest.approx(average_precision_score(label.ravel(), score.ravel()), abs=1e-12)
    assert found.dice == pytest.approx(brute_dice(score, label), abs=1e-12)
