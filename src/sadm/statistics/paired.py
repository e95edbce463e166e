"""Paired tests over subjects, and Holm's correction."""

from itertools import combinations
from typing import Any

import numpy as np


def holm(p: np.ndarray) -> np.ndarray:
    """P values of a family adjusted by Holm's step-down method (1979), in the order of ``p``; NaN is no member."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def paired(values: np.ndarray, names: list[str]) -> list[dict[str, Any]]:
    """Wilcoxon signed-rank tests between all pairs of rows.

    ``values`` [subjects, rows], the mean of each subject, ``names`` of the rows. Each result has row_a, row_b, difference (mean of
    a - b), p (two-sided, not corrected; 1 where two rows never differ, NaN without a subject) and subjects, those with both values.
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
