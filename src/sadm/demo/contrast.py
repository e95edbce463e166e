"""From tissue values to T1 intensity: the brain by anchors of CSF, grey and white matter, the head by a sharpened curve."""

from dataclasses import dataclass

import numpy as np

from sadm.demo.population import Population
from sadm.demo.random_fields import Array, field, normal, sigmoid, uniform

_KNOTS = (0.12, 0.28, 0.58, 0.77, 0.94, 1.07, 1.3)  # tissue values of the phantom


@dataclass(frozen=True)
class Tissues:
    """T1 intensities of the three tissues of one scan (1 is the brightest white matter a scanner gives)."""

    csf: float
    grey: float
    white: float


def draw_tissues(population: Population, rng: np.random.Generator) -> Tissues:
    """The contrast of one scan of a population."""
    csf = normal(rng, population.csf, 0.024)
    white = normal(rng, population.white, 0.02)
    return Tissues(csf, uniform(rng, population.grey_to_white) * white, white)


def brain_intensity(value: Array, tissues: Tissues) -> Array:
    """T1 intensity [...] of tissue values: piecewise linear, with a plateau at each tissue."""
    csf, grey, white = tissues.csf, tissues.grey, tissues.white
    step = white - grey
    half = min(0.04, 0.25 * step)
    levels = [0.75 * csf, csf, grey - half, grey + half]
    levels += [white + factor * step / 0.22 for factor in (-0.02, 0.05, 0.16)]
    low = levels[0] - 0.6 * (levels[1] - levels[0])
    start = _KNOTS[0] - 0.6 * (_KNOTS[1] - _KNOTS[0])
    return np.interp(value, (start, *_KNOTS), (low, *levels)).astype(np.float32)


def head_intensity(value: Array, depth: Array, rng: np.random.Generator) -> Array:
    """T1 intensity [X, Y, Z] of what lies outside the brain: fat bright, muscle grey, bone and air dark.

    ``depth``: mm below the brain's hull, negative outside.
    """
    shape = value.shape
    scale, threshold = uniform(rng, (0.42, 0.78)), uniform(rng, (0.42, 0.58))
    out = np.clip(value, 0, 3.5)
    marrow = (
        0.16 * sigmoid((out - 0.2) / 0.03) * sigmoid((0.36 - out) / 0.03) * sigmoid(2 * field(shape, 6, rng))
    )
    out = out * (0.22 + 0.78 * sigmoid((out - threshold) / 0.07)) + marrow
    out = scale * out / (1 + 0.22 * out)
    out *= (1 + 0.13 * field(shape, 2.5, rng)) * np.exp(0.12 * field(shape, 9, rng))
    return np.maximum(np.where(out < 0.14, 0.4 * out, out), 0)


def dura(depth: Array, strength: float, rng: np.random.Generator) -> Array:
    """Intensity [X, Y, Z] to add for remnants of skull and dura in the outer 3 mm of a stripped brain, as in BraTS."""
    patches = sigmoid(3 * (field(depth.shape, 8, rng) - 0.2))
    return strength * sigmoid((3.6 - depth) / 0.7) * patches
