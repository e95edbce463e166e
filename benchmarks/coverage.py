"""How often 95 % intervals of a mean hold the true mean, for few and many subjects: a Markdown table on standard output.

    python benchmarks/coverage.py [studies]

Three populations of a subject's Dice: bell-shaped, skew, and one with many misses. ``studies`` (default 2,000) are drawn of each.
Percentile bootstrap alone (used for all numbers of subjects before), Student's t alone, and what `sadm.statistics.intervals` chooses.
"""

import sys
from collections.abc import Callable

import numpy as np

from sadm.statistics.bootstrap import resampled
from sadm.statistics.intervals import intervals, student

SUBJECTS = (3, 4, 7, 9, 15, 40, 160)
RESAMPLES, CONFIDENCE = 1000, 0.95
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
POPULATIONS: dict[str, tuple[Draw, float]] = {
    "bell-shaped (beta 5, 5)": (lambda draw, size: draw.beta(5, 5, size), 0.5),
    "skew (beta 1, 4)": (lambda draw, size: draw.beta(1, 4, size), 0.2),
    "30 % misses, else beta 5, 3": (lambda draw, size: draw.beta(5, 3, size) * (draw.random(size) > 0.3), 0.7 * 5 / 8),
}  # fmt: skip


def percentile(values: np.ndarray, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The bootstrap's interval at every number of subjects."""
    means = resampled(values, np.ones_like(values), RESAMPLES, draw)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return low, high


def covered(ends: tuple[np.ndarray, np.ndarray], mean: float) -> float:
    """Share of the studies whose interval holds the mean, in percent."""
    return float(100 * np.mean((ends[0] <= mean) & (mean <= ends[1])))


def main(studies: int = 2000) -> None:
    """Simulate and print."""
    print("| population | interval |" + "".join(f" n = {n} |" for n in SUBJECTS))
    print("|---|---|" + "---:|" * len(SUBJECTS))
    for name, (population, mean) in POPULATIONS.items():
        found: dict[str, list[float]] = {"percentile bootstrap": [], "Student's t": [], "as used": []}
        for count in SUBJECTS:
            draw = np.random.default_rng(count)
            values = population(draw, (count, studies))
            ones = np.ones_like(values)
            found["percentile bootstrap"].append(covered(percentile(values, draw), mean))
            found["Student's t"].append(covered(student(values, ones, CONFIDENCE), mean))
            found["as used"].append(covered(intervals(values, ones, RESAMPLES, CONFIDENCE, draw, 0, 1), mean))
        for kind, shares in found.items():
            print(f"| {name} | {kind} |" + "".join(f" {share:.0f} |" for share in shares))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
