"""Measures by their definitions, and random volumes to compare them on."""

import numpy as np


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
