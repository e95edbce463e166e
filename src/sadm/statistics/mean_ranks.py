"""Mean ranks of the methods over the subjects of a test set, and how far two must differ (Friedman 1937, Nemenyi 1963; Demsar 2006).

Each subject ranks all methods, the best 1, equal values share the mean of their places. Friedman's test asks whether any method ranks
apart; if so, two methods differ where their mean ranks are at least the critical difference q sqrt(k (k + 1) / (6 N)) apart, with k
methods, N subjects and q the studentised range's quantile, divided by the root of 2.

Demsar (2006, section 3.2.2) asks for N > 10 and k > 5 for the test's approximation. A subject is the block here, not a data set: what
is said holds for patients of this test set. Subjects that lack a value of a method are left out.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sadm.statistics.summary import by_subject

RANKED = ("dice", "auprc", "dice_validation")  # measures that subjects rank methods by
LEAST_SUBJECTS, LEAST_ROWS, LEVEL = 10, 5, 0.05  # more than these; of the test
COLUMNS = ("row", "metric", "mean_rank", "friedman_p", "critical_difference", "methods", "subjects")


def critical_difference(methods: int, subjects: int) -> float:
    """How far the mean ranks of two of ``methods`` lie apart at least that differ (Nemenyi), at LEVEL; both counts at least 2 and 1."""
    from scipy.stats import studentized_range

    q = float(studentized_range.ppf(1 - LEVEL, methods, np.inf)) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * subjects)))


def mean_ranks(scores: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """A line for each of RANKED and of ``rows`` (COLUMNS) of one test set; ``scores`` of its volumes, with a column subject.

    The test and the critical difference are empty where Demsar's premises do not hold.
    """
    total, count = by_subject(scores, rows, RANKED)
    with np.errstate(invalid="ignore"):
        values = total / count
    frames = [_ranked(values[:, :, k], rows).assign(metric=name) for k, name in enumerate(RANKED)]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)]


def _ranked(values: np.ndarray, rows: Sequence[str]) -> pd.DataFrame:
    from scipy.stats import friedmanchisquare, rankdata

    known = values[~np.isnan(values).any(axis=1)]
    subjects, methods = known.shape
    ranks = rankdata(-known, axis=1) if subjects else np.full((1, methods), np.nan)
    p = difference = np.nan
    if subjects > LEAST_SUBJECTS and methods > LEAST_ROWS:
        p = 1.0 if (known == known[:, :1]).all() else float(friedmanchisquare(*known.T).pvalue)
        difference = critical_difference(methods, subjects)
    return pd.DataFrame(
        {
            "row": list(rows), "mean_rank": ranks.mean(axis=0), "friedman_p": p, "critical_difference": difference,
            "methods": methods, "subjects": subjects,
        }
    )  # fmt: skip
