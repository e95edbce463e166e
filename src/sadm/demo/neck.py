"""The part of a head that the SRI24 field of view lacks: mouth, jaw, airway, spine and neck, drawn as stacked ellipses.

Positions are SRI24 millimetres (canonical RAS voxel of SRI24; z < 0 is below its lowest slice), read off sagittal and
axial views of IXI heads; intensities are relative to white matter (1).
"""

from dataclasses import dataclass

import numpy as np

from sadm.demo.random_fields import Array, Shape, field, sigmoid, upsample

MIDLINE = 120.0
_SRI24_FROM = 9.0  # mm: below this slice SRI24 averages too few heads to look like one

# z of the knots from which every outline below is interpolated
_Z = (-70.0, -50.0, -35.0, -20.0, -8.0, 5.0, 20.0)


@dataclass(frozen=True)
class Tube:
    """An elliptic tube (and its mirror image when ``aside`` > 0) with one value; ``edge`` is its border's softness."""

    value: float
    y: tuple[float, ...]
    half_x: tuple[float, ...]
    half_y: tuple[float, ...]
    aside: float = 0.0
    edge: float = 1.0


def _same(value: float) -> tuple[float, ...]:
    return (value,) * len(_Z)


_OUTLINE = Tube(
    1.9,
    y=(98, 112, 121, 124, 124, 123, 122),
    half_x=(58, 62, 68, 73, 76, 78, 79),
    half_y=(64, 88, 99, 102, 102, 106, 108),
)
_MUSCLE = Tube(
    0.62,
    y=(98, 112, 121, 124, 124, 123, 122),
    half_x=(52, 55, 60, 63, 65, 67, 68),
    half_y=(57, 81, 92, 94, 94, 97, 100),
)
_PARTS = (
    Tube(
        1.25, y=_same(150), half_x=_same(9), half_y=(10, 14, 20, 22, 22, 20, 18), aside=52, edge=2.0
    ),  # cheek fat
    Tube(
        0.18,
        y=(120, 155, 150, 142, 138, 136, 134),
        half_x=_same(5),
        half_y=(1, 30, 20, 14, 12, 8, 4),
        aside=43,
    ),
    Tube(
        0.9,
        y=(120, 155, 150, 142, 138, 136, 134),
        half_x=_same(2.2),
        half_y=(1, 26, 16, 11, 9, 5, 2),
        aside=43,
    ),
    Tube(
        0.55, y=_same(178), half_x=(1, 1, 20, 24, 20, 18, 18), half_y=(1, 1, 26, 34, 30, 26, 22), edge=2.0
    ),  # palate
    Tube(
        0.72, y=_same(176), half_x=(22, 27, 30, 27, 10, 1, 1), half_y=(24, 29, 33, 32, 18, 1, 1), edge=2.0
    ),  # tongue
    Tube(
        0.04, y=_same(176), half_x=(1, 1, 1, 12, 10, 7, 5), half_y=(1, 1, 1, 3, 22, 24, 20), edge=1.5
    ),  # mouth, nose
    Tube(
        0.08,
        y=(190, 200, 207, 209, 208, 200, 200),
        half_x=(1, 1, 24, 24, 12, 1, 1),
        half_y=(1, 3, 5, 5, 3, 1, 1),
    ),
    Tube(
        0.03, y=(132, 131, 130, 130, 132, 134, 134), half_x=_same(8), half_y=(8, 8, 7, 8, 11, 12, 9)
    ),  # airway
    Tube(0.75, y=_same(109), half_x=_same(10), half_y=_same(9), edge=1.5),  # vertebral bodies
    Tube(0.2, y=(88, 90, 92, 93, 94, 95, 95), half_x=_same(9), half_y=_same(8)),  # canal
    Tube(0.98, y=(88, 90, 92, 93, 94, 95, 95), half_x=_same(5.5), half_y=_same(4.5)),  # cord
    Tube(0.06, y=_same(108), half_x=_same(3.2), half_y=_same(3.2), aside=24),  # vessels
    Tube(0.3, y=_same(88), half_x=_same(5), half_y=_same(9), aside=16, edge=1.5),  # facet joints
)
_VERTEBRAE = 8


def _inside(tube: Tube, x: Array, y: Array, z: Array) -> Array:
    """Soft indicator [X, Y, Z] of a tube; x, y, z broadcast."""
    centre, half_x, half_y = (
        np.interp(z, _Z, knots).astype(np.float32) for knots in (tube.y, tube.half_x, tube.half_y)
    )
    across = np.abs(x - MIDLINE) - tube.aside if tube.aside else x - MIDLINE
    radius = np.sqrt((across / half_x) ** 2 + ((y - centre) / half_y) ** 2)
    return sigmoid((1 - radius) * np.minimum(half_x, half_y) / np.float32(0.5 * tube.edge))


def _along_the_neck(shape: Shape, spacing: float, rng: np.random.Generator) -> Array:
    """A random field [X, Y, Z] that is five times longer along z: muscle bundles."""
    squeezed = field((shape[0], shape[1], shape[2] // 5 + 2), spacing, rng)
    return upsample(squeezed, shape, (1, 1, 5))


def extend(head: Array, brain: Array, depth: int, rng: np.random.Generator) -> Array:
    """Add ``depth`` mm of drawn anatomy below a head [X, Y, Z] at 1 mm (white matter 1), blended over its lowest slices.

    ``brain`` is its brain mask in [0, 1]: it and its surroundings stay as they are. Returns float32 [X, Y, depth + Z].
    """
    top = 30
    shape = (head.shape[0], head.shape[1], depth + top)
    x, y, z = (
        a.astype(np.float32)
        for a in np.meshgrid(
            np.arange(shape[0]), np.arange(shape[1]), np.arange(shape[2]) - depth, indexing="ij", sparse=True
        )
    )
    drawn = _inside(_OUTLINE, x, y, z)
    skin = drawn.copy()
    drawn *= _OUTLINE.value * (1 + np.float32(0.12) * field(shape, 6, rng))
    strands = sigmoid(5 * (_along_the_neck(shape, 4, rng) - 1.3))
    muscle = (
        _MUSCLE.value * (1 + np.float32(0.1) * _along_the_neck(shape, 3, rng)) + np.float32(0.5) * strands
    )
    for tube in (_MUSCLE, *_PARTS):
        inside = _inside(tube, x, y, z)
        drawn += inside * ((muscle if tube is _MUSCLE else np.float32(tube.value)) - drawn)
    discs = sigmoid((np.abs((z % 17) - 8.5) - 6.5) / np.float32(0.6)) * _inside(_PARTS[_VERTEBRAE], x, y, z)
    drawn -= discs * np.float32(0.4)
    drawn *= skin
    keep = sigmoid((z - _SRI24_FROM) / np.float32(2.0)) * np.ones(shape, np.float32)
    keep[:, :, depth:] = np.maximum(keep[:, :, depth:], brain[:, :, :top])
    keep[:, :, :depth] = 0
    low = np.concatenate([np.zeros((*shape[:2], depth), np.float32), head[:, :, :top]], axis=2)
    return np.concatenate([low * keep + drawn * (1 - keep), head[:, :, top:]], axis=2)
