"""Bootstrap over subjects.

The subject is the unit: all its volumes are drawn together, as often as the subject (cluster bootstrap, Davison and Hinkley
1997). The mean of a resample is over its volumes, so that the plain mean is the one that the tables print. One draw of
subjects serves all rows and measures of a test set.
"""

from collections.abc import Iterator

import numpy as np

BLOCK = 500  # resamples at once: 1,151 subjects take 5 MB


def resamples(subjects: int, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each subject is drawn, float64 [up to BLOCK, subjects] a block, ``count`` lines in all."""
    for start in range(0, count, BLOCK):
        lines = min(BLOCK, count - start)
        drawn = rng.integers(subjects, size=(lines, subjects)) + subjects * np.arange(lines)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=lines * subjects)
        yield counts.reshape(lines, subjects).astype(np.float64)


def resampled(sums: np.ndarray, volumes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Means over the volumes of ``count`` resamples, [count, ...]; NaN where no drawn subject has a value.

    ``sums``: sum of each subject's volumes [subjects, ...]; ``volumes``: how many these are, the same shape (0: the subject has no
    value).
    """
    total, number = (
        each.reshape(len(sums), -1).astype(np.float64) for each in (np.nan_to_num(sums), volumes)
    )
    means, start = np.empty((count, total.shape[1])), 0
    for counts in resamples(len(sums), count, rng):
        with np.errstate(invalid="ignore"):
            means[start : start + len(counts)] = (counts @ total) / (counts @ number)
        start += len(counts)
    return means.reshape(count, *sums.shape[1:])
