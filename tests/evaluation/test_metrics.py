"""Measures of a volume: equal to their definitions, and to scikit-learn on the whole volume."""

import numpy as np
import pytest
from brute_force import brute_auprc, brute_auroc, brute_dice, case, dice_of, whole
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, confusion_matrix_at_thresholds

from sadm.evaluation import metrics
from sadm.evaluation.metrics import auprc, auroc_brain, best_dice, curve, greedy
from sadm.runtime.errors import ProcessingError

CASES = 600
TIED = arrays(
    np.float64, st.shared(st.integers(1, 60), key="n"), elements=st.integers(0, 7).map(lambda k: k / 7)
)
LABEL = arrays(bool, st.shared(st.integers(1, 60), key="n"))


def test_equal_to_brute_force() -> None:
    measured = 0
    for seed in range(CASES):
        score, label, outside = case(seed)
        values, truth = whole(score, label, outside)
        if not truth.any():
            continue
        points, measured = curve(score, label, outside), measured + 1
        dice, threshold = best_dice(points)
        assert dice == pytest.approx(brute_dice(values, truth), abs=1e-9), seed
        assert auprc(points) == pytest.approx(brute_auprc(values, truth), abs=1e-9), seed
        inside = brute_auroc(score, label)
        np.testing.assert_allclose(auroc_brain(points, outside), inside, atol=1e-9, err_msg=str(seed))
        if dice > 0:
            assert dice_of(values >= threshold, truth) == pytest.approx(dice, abs=1e-9)
        for t in (1e-30, 0.2, 1 / 3, float(score.max()), 5.0):
            if t > 0:
                assert points.dice(t) == pytest.approx(dice_of(values >= t, truth), abs=1e-9), seed
        assert 0 <= greedy(points.dice, float(score.max()))[0] <= dice + 1e-12
    assert measured >= 500


@settings(max_examples=200, deadline=None)
@given(TIED, LABEL)
def test_the_counts_are_scikit_learns_to_the_bit(score, label):
    """Which is not imported to measure: it takes half the time that a small study's job of it needs to start."""
    if not label.any() or label.all():
        return
    points = curve(score, label)
    _, fp, _, tp, thresholds = confusion_matrix_at_thresholds(label, score)
    above = thresholds > 0
    for ours, theirs in ((points.thresholds, thresholds), (points.tp, tp), (points.fp, fp)):
        np.testing.assert_array_equal(ours[: above.sum()], theirs[above])


@settings(max_examples=200, deadline=None)
@given(TIED, LABEL)
def test_equal_to_brute_force_with_ties(score, label):
    if not label.any():
        return
    points = curve(score, label)
    assert best_dice(points)[0] == pytest.approx(brute_dice(score, label), abs=1e-12)
    assert auprc(points) == pytest.approx(average_precision_score(label, score), abs=1e-12)


def test_a_score_of_zero_is_never_a_finding():
    """Predicting everything would give Dice 0.8 here, but no threshold t >= 0 has 0 > t."""
    points = curve(np.zeros(3), np.array([1, 1, 0]))
    assert best_dice(points)[0] == points.dice(1e-9) == 0
    assert np.isnan(best_dice(points)[1])
    assert auprc(points) == pytest.approx(2 / 3)
    assert np.isnan(points.dice(np.nan))


def test_perfect_score_and_a_missed_part_outside_the_brain():
    label = np.r_[np.ones(10), np.zeros(90)]
    assert best_dice(curve(label, label)) == (1, 1)
    assert best_dice(curve(label, label, outside=(1000, 10)))[0] == pytest.approx(2 * 10 / (10 + 20))


@pytest.mark.parametrize("bad", [-0.1, np.nan])
def test_a_negative_or_missing_score_is_an_error(bad):
    with pytest.raises(ProcessingError, match="below 0 or no number"):
        curve(np.array([0.5, bad]), np.array([1, 0]))


def test_a_big_float16_volume_equals_sklearn_on_all_voxels():
    draw = np.random.default_rng(0)
    brain = draw.random((10, 30, 30)) < 0.4
    score = (draw.random(brain.shape) * brain).astype(np.float16).astype(np.float32)
    label = draw.random(brain.shape) < 0.02 + 0.05 * score
    assert (label & ~brain).any()
    outside = (np.count_nonzero(~brain & ~label), np.count_nonzero(~brain & label))
    found = curve(score[brain], label[brain], outside)
    assert auprc(found) == pytest.approx(average_precision_score(label.ravel(), score.ravel()), abs=1e-12)
    assert best_dice(found)[0] == pytest.approx(brute_dice(score, label), abs=1e-12)


def test_the_search_compares_quarters_and_goes_low_on_a_tie():
    asked = []

    def dice(t: float) -> float:
        asked.append(t)
        return 0.5

    assert greedy(dice, 4.0)[0] == 0.5
    assert asked[:4] == pytest.approx([1, 3, 0.5, 1.5])
    assert len(asked) == 2 * metrics.STEPS


def test_the_background_does_not_lift_a_random_score():
    draw = np.random.default_rng(0)
    score, label = draw.random(20_000), draw.random(20_000) < 0.05
    points = curve(score, label, outside=(40_000, 100))
    assert auroc_brain(points, (40_000, 100)) == pytest.approx(0.5, abs=0.03)
