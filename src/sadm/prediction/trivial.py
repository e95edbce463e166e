"""Scores without a learned model, which any method must beat.

    mean-abs    median(|x - b| m) m      distance to the mean healthy training brain b of the fold
    mean-ssim   median((1 - SSIM(x, b)) m) m
    inverted    (1 - x) m
    random      uniform in [0, 1) inside m

with volume x, brain mask m. Their maps are stored as those of the models, so that the same step scores them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed, load_packed, members
from sadm.prediction.maps import write_maps
from sadm.prediction.score import median_map, residual_map
from sadm.runtime.errors import DataError
from sadm.runtime.seeds import seed

TRIVIAL = ("mean-abs", "mean-ssim", "inverted", "random")


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

    ``x`` and ``mean`` [D, X, Y] in [0, 1], ``brain`` 0/1; ``sigma`` and ``median`` as in ``residual_map``.
    """
    x = x.astype(np.float32)
    if name == "mean-abs":
        return median_map((np.abs(x - mean) * brain).astype(np.float32), brain, median)
    if name == "mean-ssim":
        return residual_map(x, mean, brain, sigma, median)
    if name == "inverted":
        return (1 - x) * brain
    return draw.random(x.shape, dtype=np.float32) * brain


def trivial(
    healthy: str | Path, splits: str | Path, sets: Sequence[Mapping[str, str]], fold: int,
    study_seed: int, sigma: float, median: int, out: Mapping[str, Sequence[str | Path]],
) -> None:  # fmt: skip
    """Write the four trivial maps of every scored set to ``out`` (name of the score: paths in the order of the sets).

    ``healthy``, ``splits``: packed healthy data set and its splits; ``sets``: name, part ("val", "test"), packed folder and splits
    of each scored set; ``sigma`` and ``median`` as in ``residual_map``. Raises DataError if the fold has no healthy training scan.
    """
    source = load_packed(healthy)
    training = members(source, splits, fold, "train")
    if not len(training):
        cause = f"fold {fold} has none"
        raise DataError(
            "No healthy training scan is left.", file=healthy, cause=cause, fix="see excluded.tsv"
        )
    mean = mean_brain(source, training)

    def volumes(trivial: str, name: str, data: Packed, scans: np.ndarray) -> Iterator[np.ndarray]:
        for i in scans:
            draw = np.random.default_rng(seed(study_seed, "trivial", trivial, name, fold, data.scans[i]))
            yield trivial_map(trivial, data.t1[i], data.brain[i], mean, sigma, median, draw)

    for k, each in enumerate(sets):
        data = load_packed(each["packed"])
        scans = members(data, each["splits"], fold, each["part"])
        for score in TRIVIAL:
            write_maps(volumes(score, each["name"], data, scans), data, scans, out[score][k])
