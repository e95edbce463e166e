"""Measures over a set of volumes: equal to their definitions, or within the bound that is told."""

import numpy as np
import pytest
from brute_force import brute_auprc, brute_auroc, case, dice_of, whole
from sklearn.metrics import average_precision_score

from sadm.evaluation.pooled import Pool


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
    for seed in range(150):
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
            assert np.isnan([pool.auprc(), pool.auroc_brain(), pool.best_threshold()]).all()
            continue
        assert pool.auprc() == pytest.approx(brute_auprc(score, label), abs=1e-9), seed
        inside = brute_auroc(within, np.concatenate([each[1] for each in cases]))
        np.testing.assert_allclose(pool.auroc_brain(), inside, atol=1e-9, err_msg=str(seed))
        assert pool.auroc_brain_error() == 0
        best = max((mean_dice(cases, t) for t in candidates), default=0.0)
        if best > 0:
            assert mean_dice(cases, pool.best_threshold()) == pytest.approx(best, abs=1e-9), seed
        else:
            assert np.isnan(pool.best_threshold())


def test_the_bounds_on_the_pooled_areas_of_two_maps_holds() -> None:
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
        assert pool.auroc_brain_error() > 0
        assert abs(pool.auroc_brain() - brute_auroc(score, label)) <= pool.auroc_brain_error() + 1e-12


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
