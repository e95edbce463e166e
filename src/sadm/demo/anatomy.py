"""The brain of a new person: sulci closed and opened, cortical ribbon, atrophy, texture."""

import numpy as np

from sadm.demo.random_fields import Array, field, sigmoid, uniform

_GREY, _CLOSED = 0.69, 0.77


def fold(value: Array, depth: Array, where: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Change the sulci of a phantom brain; returns the values and the shell in which it was done, both [X, Y, Z].

    ``value``: tissue values; ``depth``: mm below the hull; ``where``: in [0, 1], 0 where there is no folding.
    Some sulci are closed; new ones are opened along sheets (the zero levels of a smooth random field: they look like
    sulci, while random patches look like a mosaic). A sheet narrows towards its floor and ends there.
    """
    shape = value.shape
    reach = uniform(rng, (19, 24)) + 5 * field(shape, 8, rng)
    shell = sigmoid((reach - depth) / 2.5) * sigmoid((depth - 1.0) / 0.8) * where
    closing = shell * sigmoid(2.2 * field(shape, 6, rng) + 0.3)
    value = value + 0.85 * closing * np.maximum(_CLOSED - value, 0)
    floor = np.maximum(depth - (reach - 6), 0) / 14
    distance = np.abs(field(shape, 4.4, rng)) + floor
    width = uniform(rng, (0.0, 0.12))
    profile = (
        0.41 + 0.28 * sigmoid((distance - width) / 0.04) + 0.33 * sigmoid((distance - width - 0.38) / 0.07)
    )
    opening = shell * sigmoid(3 * (field(shape, 9, rng) + 0.9))
    return value + opening * (np.minimum(value, profile) - value), shell


def person(
    value: Array, depth: Array, cortex: Array, brain: Array, atrophy: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Tissue values [X, Y, Z] of a new person's brain, and the shell of its folds.

    ``value``, ``depth`` (mm), ``cortex`` and ``brain`` (in [0, 1]) are the phantom's at the voxels; ``atrophy`` is how
    much darker the sulci become. Values are made for the whole box; outside the brain they mean nothing.
    """
    where = cortex * brain
    value, shell = fold(value, depth, where, rng)
    ribbon = where * sigmoid((3.2 - depth) / 0.7) * sigmoid((depth - 0.5) / 0.5)
    value += ribbon * (np.minimum(value, _GREY) - value)
    value += _texture(value, depth, rng)
    value -= atrophy * shell * sigmoid((0.62 - value) / 0.06)
    value -= 0.28 * where * sigmoid((1.6 - depth) / 0.5)
    return value, shell


def _texture(value: Array, depth: Array, rng: np.random.Generator) -> Array:
    """Fine texture to add: a third as strong in white matter, which is even in real scans."""
    shape = value.shape
    grey = sigmoid((0.90 - value) / 0.04)
    fine = field(shape, 2.2, rng) * (0.012 + 0.024 * grey)
    flat = (1.0 - value) * sigmoid((value - 0.93) / 0.02) * sigmoid((depth - 6) / 2)
    return fine + 0.012 * field(shape, 7, rng) + 0.35 * flat
