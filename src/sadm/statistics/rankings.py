"""Which rows are better, by each definition of the measure, and how far the definitions agree.

rankings    place of each method by its mean, 1 the best
agreement   Kendall's tau-b between the orders of the methods by two definitions; "paper": by the paper's Table 1
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pandas as pd

from sadm.runtime.files import read_table
from sadm.study.layout import Layout

PAPER = "paper"


def definitions(metrics: Sequence[str]) -> list[str]:
    """Those of ``metrics`` that methods are ranked by: Dice under each definition but the released search, and AUPRC."""
    dice = [name for name in metrics if name.startswith("dice") and not name.endswith("_greedy")]
    return [*dice, "auprc"]


def published(file: str | Path, layout: Layout) -> dict[str, dict[str, str]]:
    """The line of the paper's Table 1 (``file``: csv) for each row that is in it, by method and unhealthy training data."""
    lines = read_table(file, ("method", "unhealthy"), ",")
    found = {}
    for row in layout.rows:
        method, _, unhealthy = layout.heads(row)
        named = [line for line in lines if line["method"] == method.partition(" (")[0]]
        exact = [line for line in named if line["unhealthy"] == unhealthy]
        # The paper has PII trained on PII, here it trains on healthy scans alone.
        if exact or len(named) == 1:
            found[row] = (exact or named)[0]
    return found


def rankings(summary: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """A line for each test set, definition and method: its mean and its place; equal means share a place.

    ``summary`` as `sadm.statistics.summary.summarise` makes it, with a column testset.
    """
    names = definitions(list(summary["metric"].unique()))
    found = summary[summary["row"].isin(list(rows)) & summary["metric"].isin(names)]
    found = found[["testset", "row", "metric", "mean"]].reset_index(drop=True)
    place = found.groupby(["testset", "metric"])["mean"].rank(ascending=False, method="min")
    return found.assign(rank=place.astype("Int64"))


def agreement(ranked: pd.DataFrame, paper: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """Kendall's tau-b for each test set and two definitions, over the ``rows`` that both have a mean of.

    ``ranked`` as of `rankings`; ``paper`` as of `published`, whose best Dice is one more order where it has the test set.
    """
    from scipy.stats import kendalltau

    lines = []
    for testset, part in ranked.groupby("testset", sort=False):
        means = part.pivot(index="row", columns="metric", values="mean")
        names = definitions(list(part["metric"].unique()))
        said = {row: line.get(f"{testset}_dice_mean") for row, line in paper.items()}
        if any(said.values()):
            means[PAPER] = pd.to_numeric(pd.Series(said), errors="coerce").reindex(means.index)
            names.append(PAPER)
        for one, other in combinations(names, 2):
            both = means[[one, other]].dropna()
            tau = kendalltau(both[one], both[other]).statistic if len(both) > 1 else float("nan")
            lines.append((testset, one, other, tau, len(both)))
    return pd.DataFrame(lines, columns=["testset", "metric_a", "metric_b", "tau", "rows"])
