"""Curves by counting equal the exact metrics on rounded scores."""

import numpy as np
import pytest
from small_study import measured

from sadm.figures.curves import best_dice, precision_at


@pytest.mark.parametrize("seed", range(40))
def test_counting_equals_the_exact_metrics_on_rounded_scores(seed: int):
    draw = np.random.default_rng(seed)
    score = (draw.random(300) * draw.choice([0, 1, 1], 300)).astype(np.float16).astype(np.float32)
    score = np.round(score, 1 + seed % 3)
    label, outside = draw.random(300) < draw.choice([0.02, 0.3, 0.9]), (50, seed % 4)
    dice, area, *_ = measured(score.astype(np.float16).astype(np.float32), label, outside)
    assert best_dice(score, label, outside[1]) == pytest.approx(dice, abs=1e-12, nan_ok=True)
    lesion = int(label.sum()) + outside[1]
    if lesion:
        levels = np.arange(1, lesion + 1) / lesion
        assert precision_at(levels, score, label, outside).mean() == pytest.approx(area, abs=1e-9)


def test_rounding_to_float16_hardly_moves_a_dice():
    draw = np.random.default_rng(1)
    score, label = draw.random(5000, dtype=np.float32), draw.random(5000) < 0.1
    assert best_dice(score, label, 0) == pytest.approx(measured(score, label)[0], abs=1e-3)
