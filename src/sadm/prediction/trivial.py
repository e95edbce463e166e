"""Scores without a learned model, which any method must beat.

    mean-abs    median(|x - b| m) m      distance to the mean healthy training brain b of the fold
    mean-ssim   median((1 - SSIM(x, b)) m) m
    inverted    (1 - x) m
    random      uniform in [0, 1) inside m
    whole-brain m: finds the whole brain, whose best Dice 2p / (1 + p) and AUPRC p (p: the lesion's share of the brain) each
                column's scores begin at, as any map that is above 0 in the brain has them for a threshold

with volume x, brain mask m. Their maps are stored as those of the models, so that the same step scores them.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed, Part
from sadm.prediction.maps import Origin, write_maps
from sadm.prediction.score import median_map, residual_map
from sadm.runtime.errors import DataError
from sadm.runtime.seeds import seed

TRIVIAL = ("mean-abs", "mean-ssim", "inverted", "random", "whole-brain")


def mean_brain(healthy: Packed, scans: np.ndarray) -> np.ndarray:
    """Voxel-wise mean of the volumes ``scans`` (indices), each 0 outside its own brain: float64 [D, X, Y] in [0, 1]."""
    total = np.zeros(healthy.t1.shape[1:])
    for i in scans:
        total += healthy.t1[i]
    return total / len(scans)


def trivial_map(
    name: str, x: np.ndarray, brain: np.ndarray, mean: np.ndarray,
    sigma: float, median: int, draw: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """One trivial map of a volume: float32 [D, X, Y] >= 0, 0 outside the brain.

    ``x`` and ``mean`` [D, X, Y] in about [0, 1], ``brain`` 0/1; ``sigma`` and ``median`` as in ``residual_map``.
    """
    x = x.astype(np.float32)
    if name == "mean-abs":
        return median_map((np.abs(x - mean) * brain).astype(np.float32), brain, median)
    if name == "mean-ssim":
        return residual_map(x, mean, brain, sigma, median)
    if name == "inverted":
        return np.maximum(1 - x, 0) * brain  # a B-spline overshoots 1
    if name == "whole-brain":
        return brain.astype(np.float32)
    return draw.random(x.shape, dtype=np.float32) * brain


def trivial(
    healthy: Part, sets: Mapping[str, Part], fold: int, study_seed: int, sigma: float, median: int,
    out: Mapping[str, str | Path],
) -> None:  # fmt: skip
    """Write the trivial maps of each of the ``sets`` to ``out`` (files by "SCORE/KEY", key of the set).

    ``healthy``: the healthy training scans of ``fold``; ``sigma`` and ``median`` as in `residual_map`. Raises DataError if
    there is no healthy training scan.
    """
    if not len(healthy.scans):
        cause = f"fold {fold} of {healthy.set} has none"
        raise DataError("No healthy training scan is left.", cause=cause, fix="see excluded.tsv")
    mean = mean_brain(healthy.data, healthy.scans)

    def volumes(score: str, part: Part) -> Iterator[tuple[str, np.ndarray]]:
        for i in part.scans:
            scan, x, brain = part.data.scans[i], part.data.t1[i], part.data.brain[i]
            draw = np.random.default_rng(seed(study_seed, "trivial", score, part.set, fold, scan))
            yield scan, trivial_map(score, x, brain, mean, sigma, median, draw)

    for key, part in sets.items():
        for score in TRIVIAL:
            of = Origin(score, fold, 1, part.set, part.part)  # nothing is trained, so there is one seed
            write_maps(volumes(score, part), part.data, part.scans, of, out[f"{score}/{key}"])
