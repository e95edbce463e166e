"""Means of measures with their intervals over subjects and their deviations over folds and seeds."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from sadm.runtime import seeds
from sadm.statistics.intervals import intervals, limits
from sadm.statistics.means import DDOF, fold_means

SPREAD = ("mean", "std_folds", "std_seeds")


def by_subject(
    scores: pd.DataFrame, rows: Sequence[str], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum over each subject's volumes of their mean over folds and seeds, and how many have a value, both [subjects, rows, measures].

    ``scores`` of one test set; the subjects are sorted.
    """
    volumes = scores.groupby(["subject", "scan", "row"], observed=True)[list(names)].mean()
    grouped = volumes.groupby(level=["subject", "row"])
    subjects = sorted(scores["subject"].unique())
    index = pd.MultiIndex.from_product([subjects, rows])
    shape = (len(subjects), len(rows), len(names))
    total, count = (
        each.reindex(index).to_numpy().reshape(shape) for each in (grouped.sum(), grouped.count())
    )
    return total, np.nan_to_num(count)


def spread(scores: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Mean over folds and its standard deviations by row: columns (measure, mean | std_folds | std_seeds); ddof 1, NaN for one.

    Over folds: of the means over a fold's seeds. Over seeds: within a fold, the root of the mean variance over the folds.
    """
    by_run = scores.groupby(["row", "fold", "seed"])[list(names)].mean()
    over = fold_means(scores, ["row"], names).groupby(level="row")
    within = by_run.groupby(level=["row", "fold"]).var(ddof=DDOF).groupby(level="row").mean() ** 0.5
    found = {"mean": over.mean(), "std_folds": over.std(ddof=DDOF), "std_seeds": within}
    return pd.concat(found, axis=1).swaplevel(axis=1)


def summarise(
    scores: pd.DataFrame, rows: Sequence[str], names: Sequence[str], settings: Mapping[str, Any], *seed: str
) -> pd.DataFrame:
    """A line for each of the ``rows`` and measures ``names`` of one test set or a group of its volumes."""
    total, count = by_subject(scores, rows, names)
    rng = np.random.default_rng(seeds.seed(settings["seed"], "bootstrap", *seed))
    ends = np.array([limits(name) for name in names]).T
    low, high = intervals(total, count, settings["resamples"], settings["confidence"], rng, *ends)
    folds, lines = spread(scores, names), []
    for (i, row), (k, name) in product(enumerate(rows), enumerate(names)):
        stats = [folds.loc[row, (name, stat)] for stat in SPREAD]
        volumes, people = int(count[:, i, k].sum()), int(np.count_nonzero(count[:, i, k]))
        lines.append((row, name, *stats, low[i, k], high[i, k], volumes, people))
    columns = ["row", "metric", *SPREAD, "ci_low", "ci_high", "volumes", "subjects"]
    return pd.DataFrame(lines, columns=columns)
