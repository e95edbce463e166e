"""Bootstrap over subjects, and paired tests with Holm's correction.

The subject is the unit: all its volumes are drawn together, as often as the subject (cluster bootstrap, Davison and Hinkley
1997). The mean of a resample is over its volumes, so that the plain mean is the one that the tables print. One draw of
subjects serves all rows and measures of a test set.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

BLOCK = 500  # resamples at once: 1,151 subjects take 5 MB


def resamples(subjects: int, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each subject is drawn, float64 [up to BLOCK, subjects] a block, ``count`` lines in all."""
    for start in range(0, count, BLOCK):
        lines = min(BLOCK, count - start)
        drawn = rng.integers(subjects, size=(lines, subjects)) + subjects * np.arange(lines)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=lines * subjects)
        yield counts.reshape(lines, subjects).astype(np.float64)


def intervals(
    sums: np.ndarray, volumes: np.ndarray, count: int, confidence: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile intervals, lower and upper end [...], of the mean over volumes.

    ``sums``: sum of each subject's volumes [subjects, ...]; ``volumes``: how many these are, the same shape (0: the subject has no
    value); ``count`` resamples, ``confidence`` in (0, 1). NaN where no subject has a value.
    """
    shape, flat = sums.shape[1:], (len(sums), -1)
    total, number = np.nan_to_num(sums).reshape(flat), volumes.reshape(flat).astype(np.float64)
    means = np.empty((count, total.shape[1]))
    start = 0
    for counts in resamples(len(sums), count, rng):
        with np.errstate(invalid="ignore"):
            means[start : start + len(counts)] = (counts @ total) / (counts @ number)
        start += len(counts)
    ends = np.full((2, total.shape[1]), np.nan)
    some = np.flatnonzero(number.any(axis=0))
    if len(some):
        levels = ((1 - confidence) / 2, (1 + confidence) / 2)
        ends[:, some] = np.nanquantile(means[:, some], levels, axis=0)
    return ends[0].reshape(shape), ends[1].reshape(shape)


def holm(p: np.ndarray) -> np.ndarray:
    """P values of a family adjusted by Holm's step-down method (1979), in the order of ``p``; NaN is no member."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def paired(values: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Wilcoxon signed-rank tests between all pairs of rows, Holm-corrected over the pairs.

    ``values`` [subjects, rows], the mean of each subject, ``names`` of the rows. Each result has row_a, row_b, difference (mean of
    a - b), p, p_holm (two-sided; 1 where two rows never differ, NaN without a subject) and subjects, those with both values.
    """
    found = []
    for a, b in combinations(range(len(names)), 2):
        differences = values[:, a] - values[:, b]
        differences = differences[~np.isnan(differences)]
        found.append(
            {
                "row_a": names[a],
                "row_b": names[b],
                "difference": differences.mean() if len(differences) else np.nan,
            }
            | {"p": wilcoxon(differences), "subjects": len(differences)}
        )
    for each, adjusted in zip(found, holm(np.array([each["p"] for each in found])), strict=True):
        each["p_holm"] = float(adjusted)
    return found


def wilcoxon(differences: np.ndarray) -> float:
    """Two-sided P value of the signed-rank test, zeros dropped (Wilcoxon 1945); exact for up to 50 others without ties.

    1 if there are only zeros, NaN without any difference.
    """
    from scipy import stats

    if not len(differences):
        return np.nan
    others = differences[differences != 0]  # dropped here: scipy takes zeros for a reason to approximate
    return float(stats.wilcoxon(others).pvalue) if len(others) else 1.0
