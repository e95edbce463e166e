"""Time of scoring one volume at the paper's size, beside a naive way, and of a whole test set: JSON on standard output.

    python benchmarks/scoring.py

Naive: the median over the full volume by scipy, average precision and a loop over 100 thresholds on all voxels.
"""

import json
import os
import platform
import resource
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from scipy.ndimage import gaussian_filter, median_filter
from sklearn.metrics import average_precision_score

from sadm.evaluation import metrics
from sadm.evaluation.evaluate import Settings, measure
from sadm.evaluation.pooled import Pool
from sadm.evaluation.volumes import Volume
from sadm.prediction.score import fuse, residual_map, ssim_map
from sadm.statistics.intervals import intervals

SHAPE, REPEATS = (50, 96, 96), 5
VOLUMES, ROWS, RESAMPLES = 1151, 22, 10000  # BRATS's test set, the table's rows
SETTINGS = Settings(rates=(0.01, 0.05, 0.1), spacing=2.0, tolerance=1.0)


def volume(draw: np.random.Generator) -> dict[str, np.ndarray]:
    """A smooth volume, its reconstruction, an ellipsoid brain (40 % of the voxels), a lesion and a probability map."""
    z, x, y = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in SHAPE)]
    brain = z**2 / 1.5 + x**2 / 0.6 + y**2 / 0.75 < 1
    lesion = (z - 0.2) ** 2 + (x - 0.3) ** 2 + y**2 < 0.05
    t1 = (0.5 + 2 * gaussian_filter(draw.normal(size=SHAPE), 2)) * brain
    p = np.clip(gaussian_filter(lesion + draw.normal(size=SHAPE), 1.5), 0, 1) * brain
    reconstruction = gaussian_filter(t1, 1.5)
    arrays = {"x": t1, "r": reconstruction, "p": p}
    return {k: v.astype(np.float16) for k, v in arrays.items()} | {"brain": brain, "lesion": lesion & brain}


def seconds(call: Callable[[], object]) -> float:
    """Median CPU time of ``call`` over ``REPEATS`` runs after a first one."""
    call()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return median(times)


def naive_residual(v: dict[str, np.ndarray]) -> np.ndarray:
    """The unsupervised map with the median over the full volume."""
    distance = ((1 - ssim_map(v["x"], v["r"])) * v["brain"]).astype(np.float32)
    return median_filter(distance, 5) * v["brain"]


def naive_metrics(score: np.ndarray, lesion: np.ndarray) -> tuple[float, float]:
    """Best Dice over 100 thresholds, and average precision, on all voxels."""
    found = [score > t for t in np.linspace(0, score.max(), 100, endpoint=False)]
    dice = max(
        2 * np.count_nonzero(f & lesion) / (np.count_nonzero(f) + np.count_nonzero(lesion)) for f in found
    )
    return dice, average_precision_score(lesion.ravel(), score.ravel())


def exact(volume: Volume) -> tuple[float, float]:
    """Best Dice and AUPRC."""
    points = metrics.curve(volume.score, volume.label, volume.outside)
    return metrics.best_dice(points)[0], metrics.auprc(points)


def whole_set(volume: Volume) -> dict[str, float]:
    """Pooled AUPRC and AUROC over VOLUMES noisy copies of a volume, and the bootstrap of ROWS over as many subjects: wall time."""
    draw, start = np.random.default_rng(0), time.perf_counter()
    noise = draw.random((8, volume.score.size), dtype=np.float32)
    pool = Pool(float(volume.score.max()) * 1.1)
    for k in range(VOLUMES):
        pool.add(volume.score * (1 + 0.1 * noise[k % 8]), volume.label, volume.outside)
    areas = (pool.auprc(), pool.auprc_error(), pool.auroc_brain())
    pooled, start = time.perf_counter() - start, time.perf_counter()
    values = draw.random((VOLUMES, ROWS))
    intervals(values, np.ones_like(values), RESAMPLES, 0.95, draw)
    return {
        "pooled_seconds": pooled, "pooled_auprc_error_bound": areas[1], "bootstrap_seconds": time.perf_counter() - start,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    v = volume(np.random.default_rng(0))
    u = residual_map(v["x"], v["r"], v["brain"])
    maps = [each[v["brain"]].astype(np.float16) for each in (u, v["p"])]
    score = np.zeros(SHAPE, dtype=np.float32)
    score[v["brain"]] = maps[0].astype(np.float32) + maps[1].astype(np.float32)
    case = Volume("", fuse(maps), v["lesion"][v["brain"]], v["brain"], v["lesion"])
    thresholds = dict.fromkeys(
        ("testset", "validation", "validation_greedy", "healthy_1", "healthy_5", "healthy_10"), 0.5
    )
    dice, area = exact(case)
    grid = naive_metrics(score, v["lesion"])
    times = {
        "ssim_and_median": seconds(lambda: residual_map(v["x"], v["r"], v["brain"])),
        "ssim_and_median_naive": seconds(lambda: naive_residual(v)),
        "metrics": seconds(lambda: exact(case)),
        "all_measures": seconds(lambda: measure(case, thresholds, SETTINGS)),
        "metrics_naive": seconds(lambda: naive_metrics(score, v["lesion"])),
    }
    report = {
        "benchmark": "scoring",
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "volume": SHAPE,
        "brain_voxels": int(v["brain"].sum()),
        "cpu_seconds_a_volume": {name: round(value, 4) for name, value in times.items()},
        "times_faster_than_naive": {
            name: round(times[f"{name}_naive"] / times[name], 2) for name in ("ssim_and_median", "metrics")
        },
        "equal_to_naive": {
            "map": bool((u == naive_residual(v)).all()),
            "auprc_difference": abs(area - grid[1]),
            "dice_above_100_thresholds": dice - grid[0],
        },
        "whole_set": {"volumes": VOLUMES, "rows": ROWS, "resamples": RESAMPLES} | whole_set(case),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
