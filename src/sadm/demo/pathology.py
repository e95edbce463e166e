"""Tumours (necrosis, core, oedema, mass effect) and chronic strokes (cavities with gliosis in a vascular territory)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sadm.demo.contrast import Tissues
from sadm.demo.geometry import Grid
from sadm.demo.random_fields import Array, field, rotation, sigmoid, smooth, uniform

MIDLINE = 120.0  # SRI24 mm
NECROSIS, OEDEMA, CORE = 1, 2, 4  # labels of BraTS
STROKE_ML = (2.6, 135.0)  # volumes, log uniform


def _pick(where: NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int, int]:
    """One voxel of a mask, uniformly."""
    found = np.flatnonzero(where)
    i, j, k = np.unravel_index(found[rng.integers(len(found))], where.shape)
    return int(i), int(j), int(k)


@dataclass(frozen=True)
class TumourShape:
    """``radius`` of the core in mm, ``rho`` [X, Y, Z] distance from its centre in radii (1: border), ``push`` [3, X, Y, Z] mm."""

    radius: float
    rho: Array
    push: Array


def tumour_shape(
    grid: Grid, points: Array, depth: Array, cortex: Array, rng: np.random.Generator
) -> TumourShape:
    """An uneven ellipsoid more than 10 mm deep in the cerebrum, and the mass effect that pushes tissue away from it."""
    i, j, k = _pick((depth > 10) & (cortex > 0.7) & (points[2] > 46), rng)
    radius = math.exp(uniform(rng, (math.log(14), math.log(32))))
    stretch = np.exp(rng.normal(0, 0.18, 3))
    stretch /= stretch.prod() ** (1 / 3)
    turn = rotation(rng.uniform(0, 3.1, 3)) / stretch[:, None]
    x, y, z = grid.axes()
    away = [x - x[i, 0, 0], y - y[0, j, 0], z - z[0, 0, k]]
    turned = [sum(np.float32(turn[a, b]) * away[b] for b in range(3)) for a in range(3)]
    distance = np.sqrt(turned[0] ** 2 + turned[1] ** 2 + turned[2] ** 2)
    border = 0.16 * field(grid.shape, max(3.0, radius / 3.5), rng) + 0.08 * field(grid.shape, 3, rng)
    distance_mm = np.maximum(distance, 0.5)
    strength = uniform(rng, (0.1, 0.4)) * radius
    push = (
        strength
        * np.exp(-((distance_mm / (1.6 * radius)) ** 2))
        * (1 - np.exp(-((distance_mm / (0.5 * radius)) ** 2)))
    )
    return TumourShape(
        radius, distance / np.float32(radius) + border, np.stack([a / distance_mm * push for a in away])
    )


def paint_tumour(
    image: Array, value: Array, brain: Array, shape: TumourShape, tissues: Tissues, rng: np.random.Generator
) -> tuple[Array, NDArray[np.uint8]]:
    """The T1 image [X, Y, Z] with the tumour in it, and its labels (BraTS: 1 necrosis, 2 oedema, 4 core).

    Oedema follows white matter and spares the cortex and CSF; ``value``: tissue values, ``brain`` in [0, 1].
    """
    grey, white, rho = tissues.grey, tissues.white, shape.rho
    within = (brain > 0.5).astype(np.float32)
    spread = uniform(rng, (1.25, 2.15))
    barrier = (1 - smooth(sigmoid((value - 0.80) / 0.05), 1.0)) * 0.55 * (spread - 1) / 0.5
    oedema = sigmoid((spread - rho - barrier) / 0.07) * (1 - sigmoid((0.42 - value) / 0.04)) * within
    core = sigmoid((1 - rho) / 0.05) * within
    necrosis = sigmoid((uniform(rng, (0.45, 0.8)) - rho) / 0.07) * within
    oedema_level = grey + uniform(rng, (-0.35, 0.40)) * (white - grey)
    dark = uniform(rng, (0, 1)) < 0.75
    core_level = grey * uniform(rng, (0.66, 1.0)) if dark else white * uniform(rng, (0.95, 1.12))
    texture = 1 + 0.05 * field(rho.shape, 3, rng) + 0.07 * field(rho.shape, 6, rng)
    image = image + oedema * (oedema_level * texture + 0.22 * (image - oedema_level) - image)
    image = image + core * (core_level * texture + 0.08 * (image - core_level) - image)
    labels = np.where(core > 0.5, CORE, np.where(oedema > 0.5, OEDEMA, 0)).astype(np.uint8)
    if uniform(rng, (0, 1)) < 0.75:
        image = image + necrosis * (grey * uniform(rng, (0.45, 0.9)) - image)
        rim = np.maximum(sigmoid((1.05 - rho) / 0.04) - necrosis, 0) * within
        image = image + rim * uniform(rng, (-0.02, 0.14))
        labels[(necrosis > 0.5) & (core > 0.5)] = NECROSIS
    return image, labels


def stroke_level(
    points: Array,
    depth: Array,
    cortex: Array,
    value: Array,
    brain: Array,
    voxel_ml: float,
    rng: np.random.Generator,
) -> Array:
    """A level function [X, Y, Z] that is below 1 in a stroke whose volume is drawn from `STROKE_ML`.

    Seven in ten are wedges with their base on the cortex and their tip towards the ventricle, the others are long and
    deep (corona radiata, striatum). They keep to one hemisphere and, softly, to one vascular territory; ``points`` are
    SRI24 mm, ``depth`` mm below the hull, ``value`` tissue values, ``cortex`` and ``brain`` in [0, 1].
    """
    inside = brain > 0.5
    across = np.abs(points[0] - MIDLINE)
    if uniform(rng, (0, 1)) < 0.7:
        start = inside & (depth > 3) & (depth < 9) & (cortex > 0.7) & (points[2] > 46) & (across > 6)
        seed = points[(slice(None), *_pick(start, rng))]
        cost = _wedge(points, seed, rng)
    else:
        start = (
            inside
            & (across > 12)
            & (across < 38)
            & (np.abs(points[1] - 120) < 32)
            & (np.abs(points[2] - 82) < 16)
        )
        seed = points[(slice(None), *_pick(start, rng))]
        cost = _ellipsoid(points, seed, rng)
    cost *= 1 + np.minimum(_foreign(points, seed, rng), 3)
    shape = cost.shape
    cost *= np.exp(
        0.28 * field(shape, 6, rng) + 0.16 * field(shape, 3, rng) - 0.15 * sigmoid((0.85 - value) / 0.05)
    )
    volume = math.exp(uniform(rng, (math.log(STROKE_ML[0]), math.log(STROKE_ML[1]))))
    count = max(1, round(volume / voxel_ml))
    return cost / np.partition(cost[inside], count)[count]


def _wedge(points: Array, seed: Array, rng: np.random.Generator) -> Array:
    """Distance in mm from the axis of a cone that narrows from the cortex at ``seed`` [3] inwards, and along it."""
    side = 1.0 if seed[0] > MIDLINE else -1.0
    tip = np.array([MIDLINE + 22 * side, np.clip(seed[1], 85, 150), np.clip(seed[2], 72, 92)])
    axis = tip - seed
    length = float(np.linalg.norm(axis))
    axis /= max(length, 1.0)
    x, y, z = (points[i] - seed[i] for i in range(3))
    along = np.float32(axis[0]) * x + np.float32(axis[1]) * y + np.float32(axis[2]) * z
    forward = np.array([0.0, 1.0, 0.0]) - axis[1] * axis
    forward /= max(float(np.linalg.norm(forward)), 0.1)
    lengthwise = np.float32(forward[0]) * x + np.float32(forward[1]) * y + np.float32(forward[2]) * z
    shorter = 1 - uniform(rng, (0.5, 0.95)) ** 2
    aside = np.maximum(x * x + y * y + z * z - along**2 - shorter * lengthwise**2, 0)
    narrow = 1 - 0.75 * np.clip(along / max(length, 20.0), 0, 1)
    return np.sqrt(aside / narrow**2 + (uniform(rng, (0.4, 0.9)) * np.maximum(along, 0)) ** 2) + 0.5


def _ellipsoid(points: Array, seed: Array, rng: np.random.Generator) -> Array:
    """Distance in mm from ``seed`` [3], shorter from front to back and upwards: a deep stroke."""
    factors = (1.0, uniform(rng, (0.45, 0.8)), uniform(rng, (0.55, 0.9)))
    return np.sqrt(sum(np.float32(f * f) * (points[i] - seed[i]) ** 2 for i, f in enumerate(factors))) + 0.5


def _foreign(points: Array, seed: Array, rng: np.random.Generator) -> Array:
    """How far, in units of 6 mm, a point lies in the other hemisphere or in another artery's territory than ``seed``."""
    side = 1.0 if seed[0] > MIDLINE else -1.0
    crossed = np.maximum(2 - side * (points[0] - MIDLINE), 0) * 3
    wobble = 4 * field(points.shape[1:], 7, rng)
    here, own = _territories(points), _territories(seed)
    home = int(np.argmax(own))
    other = np.maximum.reduce([u for i, u in enumerate(here) if i != home])
    return (np.maximum(other - here[home] + wobble, 0) + crossed) / np.float32(6)


def _territories(points: Array) -> list[Array]:
    """Potentials in mm, each largest in its territory: anterior, middle and posterior cerebral artery."""
    across, y, z = np.abs(points[0] - MIDLINE), points[1], points[2]
    anterior = np.minimum(18 - across, (y - 78) * 0.7) + np.minimum((z - 70) * 0.3, 6)
    middle = np.minimum(across - 18, (y - 62) * 0.5)
    posterior = np.minimum((78 - y) * 0.7, (100 - z) * 0.7)
    return [anterior, middle, posterior]


def paint_stroke(
    image: Array, level: Array, brain: Array, tissues: Tissues, rng: np.random.Generator
) -> tuple[Array, NDArray[np.uint8]]:
    """The T1 image [X, Y, Z] with a chronic stroke where ``level`` < 1, and its label (0 or 1).

    The cavity is near CSF. In patches, more of them in some strokes than in others, the tissue is scarred and not gone:
    darker than grey matter, far from CSF. About the stroke white matter loses part of its excess over grey (gliosis), and
    its border is sharp or gradual.
    """
    within = (brain > 0.5).astype(np.float32)
    gliosis = sigmoid((1.25 - level) / 0.12) * within
    image = image - gliosis * np.maximum(image - 0.9 * tissues.grey, 0) * uniform(rng, (0.25, 0.6))
    core = sigmoid((1 - level) / uniform(rng, (0.06, 0.20))) * within
    cavity = uniform(rng, (0.10, 0.26))
    scar = tissues.grey * uniform(rng, (0.60, 0.90))
    scarred = sigmoid(3 * (field(level.shape, 4, rng) + uniform(rng, (-2.4, -0.4))))
    dark = cavity + (scar - cavity) * scarred
    texture = 1 + 0.12 * field(level.shape, 3, rng)
    image = image + core * (np.minimum(image, dark * texture + 0.12 * (image - dark)) - image)
    return image, ((level < 1) & (brain > 0.5)).astype(np.uint8)
