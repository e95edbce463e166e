"""Intervals of a mean over subjects: Student's t where they are few, else the percentile bootstrap.

Below FEW subjects the bootstrap's intervals are too short (docs/protocol.md has the coverage, `benchmarks/coverage.py` makes it).
Both are of the mean over volumes, the number that the tables print. Student's t takes it as a ratio of sums (linearised, Cochran
1977); where all subjects have as many volumes that is the t interval of the subjects' means.
"""

import numpy as np
from scipy.special import stdtrit

from sadm.statistics.bootstrap import resampled

FEW = 30  # subjects from which on the bootstrap is used
WARNED = 15  # subjects below which tables warn
UNBOUNDED = ("hd95", "lesions")  # measures that are no share, beside those in ml


def limits(name: str) -> tuple[float, float]:
    """Range of a measure: [0, 1], or from 0 on for volumes, distances and counts."""
    return (0.0, np.inf) if name in UNBOUNDED or name.endswith("_ml") else (0.0, 1.0)


def intervals(
    sums: np.ndarray, volumes: np.ndarray, count: int, confidence: float, rng: np.random.Generator,
    low: np.ndarray | float = -np.inf, high: np.ndarray | float = np.inf,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Lower and upper end [...] of the intervals of the mean over volumes, cut at the range ``low`` to ``high`` (broadcast to [...]).

    ``sums``, ``volumes`` [subjects, ...], ``count`` and ``rng``: see `sadm.statistics.bootstrap.resampled`; ``confidence`` in (0, 1).
    NaN where fewer than two subjects have a value.
    """
    subjects = np.count_nonzero(volumes, axis=0)
    ends = np.stack(student(sums, volumes, confidence))
    if (many := subjects >= FEW).any():
        levels = ((1 - confidence) / 2, (1 + confidence) / 2)
        means = resampled(sums[:, many], volumes[:, many], count, rng)
        ends[:, many] = np.nanquantile(means, levels, axis=0)
    lower, upper = np.clip(ends, low, high)
    return lower, upper


def student(sums: np.ndarray, volumes: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends [...] of Student's t intervals of the mean over volumes, arguments as of `intervals`."""
    total, number = np.nan_to_num(sums), np.asarray(volumes, dtype=np.float64)
    subjects, weight = np.count_nonzero(number, axis=0), number.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total.sum(axis=0) / weight
        spread = ((total - mean * number) ** 2).sum(axis=0)
        error = np.sqrt(subjects / (subjects - 1) * spread) / weight
        half = stdtrit(np.maximum(subjects - 1, 1), (1 + confidence) / 2) * error
    half = np.where(subjects > 1, half, np.nan)
    return mean - half, mean + half
