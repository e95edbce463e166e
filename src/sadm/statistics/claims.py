"""Claims that are fixed before any number is seen, and the paired differences that they rest on.

    paper     SADM_res against cDDPM, and against Unet_res that was trained on the same set (paper, section 5)
    trivial   each method against the best trivial score of the test set and measure

Each claim has the mean difference, its interval, and Wilcoxon's p, corrected by Holm within its family: the claims of one kind on
one test set and measure. Few subjects bound p from below, whatever they show: n differences can give 2 / 2^n at least.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sadm.runtime import seeds
from sadm.statistics.intervals import intervals
from sadm.statistics.paired import holm, wilcoxon
from sadm.statistics.summary import by_subject
from sadm.study.layout import Layout

PAPER, TRIVIAL = "paper", "trivial"
LEVEL = 0.05  # of a test
TESTED = ("dice", "auprc", "dice_validation")  # measures that rows are compared by; all in [0, 1]
COLUMNS = ("claim", "row", "against", "metric", "difference", "ci_low", "ci_high", "p", "p_holm", "p_least", "family", "subjects")  # fmt: skip


def papers(layout: Layout) -> list[tuple[str, str]]:
    """Row and the row that it is claimed to be above: the claims of the paper that the study has the rows for."""
    heads = {row: layout.heads(row) for row in layout.rows}
    named = {(method.partition(" (")[0], unhealthy): row for row, (method, _, unhealthy) in heads.items()}
    found = []
    for (method, unhealthy), row in named.items():
        if method == "SADM_res":
            others = (named.get(("cDDPM", "None")), named.get(("Unet_res", unhealthy)))
            found += [(row, other) for other in others if other]
    return found


def least(subjects: int, family: int) -> float:
    """The smallest P value corrected by Holm that a ``family`` of exact tests with as many ``subjects`` can give."""
    return min(1.0, family * 2.0 ** (1 - subjects))


def claims(scores: pd.DataFrame, layout: Layout, settings: Mapping[str, Any], testset: str) -> pd.DataFrame:
    """The claims on one test set (COLUMNS); ``scores`` of its volumes, with a column subject."""
    total, count = by_subject(scores, layout.all_rows, TESTED)
    frames = []
    for k, metric in enumerate(TESTED):
        families = {PAPER: papers(layout)}
        if best := _best(total[:, :, k], count[:, :, k], layout):
            families[TRIVIAL] = [(row, best) for row in layout.rows]
        for claim, pairs in families.items():
            if pairs:
                seed = seeds.seed(settings["seed"], "bootstrap", testset)
                made = _family(total[:, :, k], count[:, :, k], layout.all_rows, pairs, settings, seed)
                frames.append(made.assign(claim=claim, metric=metric, family=len(pairs)))
    columns = list(COLUMNS)
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _best(total: np.ndarray, count: np.ndarray, layout: Layout) -> str:
    """The trivial score with the largest mean, "" if none has one; arguments [subjects, rows]."""
    place = [layout.all_rows.index(name) for name in layout.trivial]
    with np.errstate(invalid="ignore"):
        means = np.nansum(total[:, place], axis=0) / count[:, place].sum(axis=0)
    return layout.trivial[int(np.nanargmax(means))] if np.isfinite(means).any() else ""


def _family(
    total: np.ndarray, count: np.ndarray, rows: Sequence[str], pairs: Sequence[tuple[str, str]],
    settings: Mapping[str, Any], seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Differences of ``pairs`` of rows with intervals and tests; ``total`` and ``count`` [subjects, rows] of one measure."""
    one, other = (np.array([rows.index(pair[side]) for pair in pairs]) for side in (0, 1))
    volumes = np.minimum(count[:, one], count[:, other])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(volumes, total[:, one] / count[:, one] - total[:, other] / count[:, other], np.nan)
        difference = np.nansum(means * volumes, axis=0) / volumes.sum(axis=0)
    draws = np.random.default_rng(seed)
    low, high = intervals(
        means * volumes, volumes, settings["resamples"], settings["confidence"], draws, -1, 1
    )
    known = [column[~np.isnan(column)] for column in means.T]
    p = np.array([wilcoxon(column) for column in known])
    subjects = [len(column) for column in known]
    return pd.DataFrame(
        {
            "row": [row for row, _ in pairs], "against": [row for _, row in pairs], "difference": difference,
            "ci_low": low, "ci_high": high, "p": p, "p_holm": holm(p),
            "p_least": [least(n, len(pairs)) for n in subjects], "subjects": subjects,
        }
    )  # fmt: skip
