"""The means that all tables print: over the volumes of a fold, its seeds, then over folds."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

METRICS = ("dice", "auprc")  # of Table 1
DDOF = 1  # standard deviation of a sample; the paper does not say which


def by_protocol(scores: pd.DataFrame, score: Mapping[str, Any]) -> pd.DataFrame:
    """``scores`` with the dice that Table 1 means over, NaN where a volume counts nowhere.

    ``score``: the study's section; `search` says how the best Dice was found, `empty` what an empty label counts; a healthy
    volume, which came without one, counts nowhere.
    """
    dice = scores["dice_greedy"] if score["search"] == "greedy" else scores["dice"]
    return scores.assign(
        dice=dice.fillna(0.0).where(scores["healthy"] == 0) if score["empty"] == "zero" else dice
    )


def fold_means(scores: pd.DataFrame, keys: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Mean over volumes, then over the seeds of a fold, by ``keys`` and fold."""
    by_run = scores.groupby([*keys, "fold", "seed"])[list(names)].mean()
    return by_run.groupby(level=[*keys, "fold"]).mean()
