"""Measures of a volume: equal to their definitions, and to scikit-learn on the whole volume."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from sadm.evaluation import metrics
from sadm.evaluation.metrics import auprc, auroc, best_dice, curve, greedy
from sadm.evaluation.pooled import Pool
from sadm.runtime.errors import ProcessingError

CASES = 600
TIED = arrays(
    np.float64, st.shared(st.integers(1, 60), key="n"), elements=st.integers(0, 7).map(lambda k: k / 7)
)
LABEL = arrays(bool, st.shared(st.integers(1, 60), key="n"))


def dice_of(found: np.ndarray, label: np.ndarray) -> float:
    total = found.sum() + label.sum()
    return 2 * (found & label).sum() / total if total else np.nan


def brute_dice(score: np.ndarray, label: np.ndarray) -> float:
    """Over "score > t" for every t >= 0 that makes a difference."""
    return max(dice_of(score > t, label) for t in np.unique(np.r_[0, score.ravel()]))


def brute_auprc(score: np.ndarray, label: np.ndarray) -> float:
    """Sum over the distinct scores, falling, of the gain in recall times the precision there."""
    area, before = 0.0, 0.0
    for t in np.unique(score)[::-1]:
        found = score >= t
        recall = (found & label).sum() / label.sum()
        area += (recall - before) * (found & label).sum() / found.sum()
        before = recall
    return area


def brute_auroc(score: np.ndarray, label: np.ndarray) -> float:
    """Share of the pairs of a labelled and an unlabelled voxel that are in the right order; a tie is half a pair."""
    ours, others = score[label][:, None], score[~label][None]
    if not ours.size or not others.size:
        return np.nan
    return float((ours > others).mean() + (ours == others).mean() / 2)


def case(seed: int, most: int = 80) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Scores, label, and voxels outside without and with a label: random, tied, empty, full, of one voxel, all zero."""
    draw = np.random.default_rng(seed)
    size = int(draw.integers(1, most))
    score = [
        lambda: draw.random(size),
        lambda: draw.integers(0, 4, size) / 3,
        lambda: draw.random(size).astype(np.float16),
        lambda: np.zeros(size),
        lambda: np.ones(size),
        lambda: np.where(draw.random(size) < 0.5, 0, draw.gamma(0.3, size=size)),
    ][seed % 6]()
    label = [
        lambda: draw.random(size) < 0.3,
        lambda: np.zeros(size, bool),
        lambda: np.ones(size, bool),
        lambda: np.arange(size) == draw.integers(size),
    ][int(draw.choice(4, p=[0.6, 0.1, 0.1, 0.2]))]()
    outside = [(0, 0), (int(draw.integers(50)), 0), (int(draw.integers(50)), int(draw.integers(4)))][seed % 3]
    return np.asarray(score, np.float32), label, outside


def whole(score: np.ndarray, label: np.ndarray, outside: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    without, within = outside
    return (
        np.r_[score, np.zeros(without + within, np.float32)],
        np.r_[label, np.zeros(without, bool), np.ones(within, bool)],
    )


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
        np.testing.assert_allclose(auroc(points), brute_auroc(values, truth), atol=1e-9, err_msg=str(seed))
        if dice > 0:
            assert dice_of(values >= threshold, truth) == pytest.approx(dice, abs=1e-9)
        for t in (1e-30, 0.2, 1 / 3, float(score.max()), 5.0):
            if t > 0:
                assert points.dice(t) == pytest.approx(dice_of(values >= t, truth), abs=1e-9), seed
        assert 0 <= greedy(points.dice, float(score.max()))[0] <= dice + 1e-12
    assert measured >= 500


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


# --- over a set of volumes


def volumes(seed: int, halves: bool) -> list[tuple[np.ndarray, np.ndarray, tuple[int, int]]]:
    """A set of one to five volumes; ``halves``: scores that are float16."""
    found = [case(1000 * seed + k, 24) for k in range(1 + seed % 5)]
    return [(s.astype(np.float16).astype(np.float32) if halves else s, lab, out) for s, lab, out in found]


def pool_of(cases: list[tuple[np.ndarray, np.ndarray, tuple[int, int]]]) -> Pool:
    pool = Pool(max(float(score.max()) for score, _, _ in cases))
    for each in cases:
        pool.add(*each)
    return pool


def mean_dice(cases: list[tuple[np.ndarray, np.ndarray, tuple[int, int]]], t: float) -> float:
    parts = [whole(*each) for each in cases]
    return float(np.mean([dice_of(score >= t, label) for score, label in parts if label.any()]))


def test_a_set_of_float16_maps_equals_brute_force() -> None:
    for seed in range(500):
        cases = volumes(seed, halves=True)
        pool, (score, label) = pool_of(cases), map(np.concatenate, zip(*(whole(*each) for each in cases)))
        assert np.isnan(pool.auprc_error()) or pool.auprc_error() == 0
        rate, inside = 0.2, sum(len(each[0]) for each in cases)
        candidates = np.unique(score[score > 0])
        within = np.concatenate([each[0] for each in cases])
        allowed = [t for t in candidates if (within >= t).sum() <= rate * inside]
        assert pool.false_positive_threshold(rate, inside) <= min(allowed, default=np.inf), seed
        assert (within >= pool.false_positive_threshold(rate, inside)).sum() <= rate * inside, seed
        if not label.any():
            assert np.isnan([pool.auprc(), pool.auroc(), pool.best_threshold()]).all()
            continue
        assert pool.auprc() == pytest.approx(brute_auprc(score, label), abs=1e-9), seed
        np.testing.assert_allclose(pool.auroc(), brute_auroc(score, label), atol=1e-9, err_msg=str(seed))
        best = max((mean_dice(cases, t) for t in candidates), default=0.0)
        if best > 0:
            assert mean_dice(cases, pool.best_threshold()) == pytest.approx(best, abs=1e-9), seed
        else:
            assert np.isnan(pool.best_threshold())


def test_the_bound_on_the_pooled_area_of_two_maps_holds() -> None:
    """Scores that share bins in great number: far closer together than two added maps ever are."""
    for seed in range(60):
        draw = np.random.default_rng(seed)
        label = draw.random(400) < 0.3
        score = np.float32(1 + 10.0 ** -draw.integers(2, 6) * (draw.random(400) + label * draw.random(400)))
        pool = Pool(float(score.max()))
        pool.add(score[:200], label[:200])
        pool.add(score[200:], label[200:])
        assert pool.mixed.any()
        assert abs(pool.auprc() - brute_auprc(score, label)) <= pool.auprc_error() + 1e-12


def test_ties_alone_make_no_error() -> None:
    draw = np.random.default_rng(0)
    label = draw.random(900) < 0.3
    score = np.float32(1 + draw.integers(0, 9, 900) / 3)  # no float16
    pool = Pool(float(score.max()))
    pool.add(score[:300], label[:300])
    pool.add(score[300:], label[300:])
    assert pool.auprc_error() == 0
    assert pool.auprc() == pytest.approx(brute_auprc(score, label), abs=1e-12)


def test_scores_below_the_lowest_bin_are_told_apart_by_the_bound() -> None:
    score, label = np.float32([1e-12, 1e-13, 1e-14, 0.5]), np.array([False, True, False, True])
    pool = Pool(0.5)
    pool.add(score, label)
    assert 0 < abs(pool.auprc() - brute_auprc(score, label)) <= pool.auprc_error()


def test_two_added_maps_are_within_a_ten_thousandth() -> None:
    draw = np.random.default_rng(3)
    label = draw.random(300_000) < 0.02
    u, p = draw.gamma(2, 0.05, label.size), np.clip(draw.normal(0.1 + 0.6 * label, 0.2), 0, 1)
    score = u.astype(np.float16).astype(np.float32) + p.astype(np.float16).astype(np.float32)
    pool = Pool(float(score.max()))
    pool.add(score, label)
    assert abs(pool.auprc() - average_precision_score(label, score)) <= pool.auprc_error() < 1e-4
