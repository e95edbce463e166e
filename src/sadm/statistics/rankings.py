"""Which rows are better, by each definition of the measure, and how far the definitions agree.

rankings    place of each method by its mean, 1 the best, with its interval and the share of the resamples in which it is first
agreement   Kendall's tau-b between the orders of the methods by two definitions; "paper": by the paper's Table 1

Intervals are of resamples of the subjects, whatever their number: with few subjects they are too short.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sadm.runtime import seeds
from sadm.runtime.files import read_table
from sadm.statistics.bootstrap import resampled
from sadm.statistics.summary import by_subject
from sadm.study.layout import Layout

PAPER = "paper"
DIGITS = 12


def definitions(metrics: Sequence[str]) -> list[str]:
    """Those of ``metrics`` that methods are ranked by: Dice under each definition but the released search, and AUPRC."""
    dice = [name for name in metrics if name.startswith("dice") and not name.endswith("_greedy")]
    return [*dice, "auprc"]


def published(file: str | Path, layout: Layout) -> dict[str, dict[str, str]]:
    """The line of the paper's Table 1 (``file``: csv) for each row that is in it, by method and unhealthy training data."""
    lines = read_table(file, ("method", "unhealthy"), ",")
    found: dict[str, dict[str, str]] = {}
    for row in layout.rows:
        method, _, unhealthy = layout.heads(row)
        named = [line for line in lines if line["method"] == method.partition(" (")[0]]
        exact = [line for line in named if line["unhealthy"] == unhealthy]
        if exact or len(named) == 1:
            found[row] = (exact or named)[0]
    return found


@dataclass(frozen=True)
class Resampled:
    """Means of the methods of one test set in resamples of its subjects: ``means`` [resamples, rows, measures]."""

    rows: Sequence[str]
    names: Sequence[str]
    means: np.ndarray

    @classmethod
    def of(
        cls, scores: pd.DataFrame, rows: Sequence[str], settings: Mapping[str, Any], testset: str
    ) -> "Resampled":
        """From the scores of the test set's volumes; the draws of subjects are those of its intervals."""
        names = definitions(list(scores.columns))
        total, count = by_subject(scores, rows, names)
        draws = np.random.default_rng(seeds.seed(settings["seed"], "bootstrap", testset))
        means = resampled(total, count, settings["resamples"], draws)
        if len(total) < 2:
            means[:] = np.nan  # one subject tells nothing of others
        return cls(rows, names, means.round(DIGITS))  # sums in another order must not part equal rows

    def places(self, confidence: float) -> pd.DataFrame:
        """For each row and measure the interval of its place, rank_low to rank_high, and ``first``, the share of the resamples in which
        its mean is the largest; several that are share the resample. NaN where a row has no mean."""
        means = np.moveaxis(self.means, 2, 1)  # [resamples, measures, rows]
        ahead = np.stack([(means > means[..., [k]]).sum(axis=-1) for k in range(len(self.rows))], axis=-1)
        place = np.where(np.isnan(means), np.nan, ahead + 1.0)
        best = place == 1
        first = (best / np.maximum(best.sum(axis=-1, keepdims=True), 1)).mean(axis=0)
        first[np.isnan(place).all(axis=0)] = np.nan
        low, high = quantiles(place, confidence)
        index = pd.MultiIndex.from_product([self.names, self.rows], names=["metric", "row"])
        values = {"rank_low": low.ravel(), "rank_high": high.ravel(), "first": first.ravel()}
        return pd.DataFrame(values, index=index)

    def signs(self, name: str, rows: Sequence[str]) -> np.ndarray:
        """Order of each pair of ``rows`` by a measure, -1, 0 or 1, [resamples, pairs]; NaN without a mean."""
        return orders(self.means[:, [self.rows.index(row) for row in rows], self.names.index(name)])


def orders(means: np.ndarray) -> np.ndarray:
    """Order of each pair of rows, -1, 0 or 1: [..., pairs] of ``means`` [..., rows]."""
    one, other = np.triu_indices(means.shape[-1], 1)
    return np.sign(means[..., one] - means[..., other]).astype(np.float32)


def taus(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kendall's tau-b [...] of two orders [..., pairs]; NaN where one of them ties all or is unknown."""
    untied = (one**2).sum(axis=-1) * (other**2).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((one * other).sum(axis=-1) / np.sqrt(untied))


def quantiles(values: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of the percentile interval along the first axis; NaN where nothing is known."""
    ends = np.full((2, *values.shape[1:]), np.nan)
    known = ~np.isnan(values).all(axis=0)
    if known.any():
        levels = ((1 - confidence) / 2, (1 + confidence) / 2)
        ends[:, known] = np.nanquantile(values[:, known], levels, axis=0)
    return ends[0], ends[1]


def rankings(summary: pd.DataFrame, drawn: Mapping[str, Resampled], confidence: float) -> pd.DataFrame:
    """A line for each test set, definition and method: its mean and place, equal means share one, and how sure the place is.

    ``summary`` as `sadm.statistics.summary.summarise` makes it, with a column testset; ``drawn``: resamples by test set.
    """
    frames = []
    for testset, own in drawn.items():
        here = (summary["testset"] == testset) & summary["row"].isin(own.rows)
        found = summary.loc[here & summary["metric"].isin(own.names), ["testset", "row", "metric", "mean"]]
        place = found.groupby("metric")["mean"].rank(ascending=False, method="min")
        found = found.assign(rank=place.astype("Int64"))
        frames.append(found.join(own.places(confidence), on=["metric", "row"]))
    return pd.concat(frames, ignore_index=True)


def agreement(
    ranked: pd.DataFrame, paper: Mapping[str, Mapping[str, str]], drawn: Mapping[str, Resampled], confidence: float
) -> pd.DataFrame:  # fmt: skip
    """Kendall's tau-b for each test set and two definitions, over the ``rows`` that both have a mean of, and its interval.

    ``ranked`` as of `rankings`; ``paper`` as of `published`, whose best Dice is one more order, always the same, where it has the
    test set.
    """
    lines = []
    for testset, part in ranked.groupby("testset", sort=False):
        own = drawn[str(testset)]
        means = part.pivot(index="row", columns="metric", values="mean")
        names = definitions(list(part["metric"].unique()))
        said = {row: line.get(f"{testset}_dice_mean") for row, line in paper.items()}
        if any(said.values()):
            means[PAPER] = pd.to_numeric(pd.Series(said), errors="coerce").reindex(means.index)
            names.append(PAPER)
        for one, other in combinations(names, 2):
            both = means[[one, other]].dropna()
            rows = list(both.index)
            tau = taus(orders(both[one].to_numpy()), orders(both[other].to_numpy()))
            signs = [
                orders(both[name].to_numpy()) if name == PAPER else own.signs(name, rows)
                for name in (one, other)
            ]
            low, high = quantiles(taus(*signs), confidence)
            lines.append((testset, one, other, float(tau), float(low), float(high), len(both)))
    columns = ["testset", "metric_a", "metric_b", "tau", "tau_low", "tau_high", "rows"]
    return pd.DataFrame(lines, columns=columns)
