"""What differs between the three groups of heads, and between the three scanners: ranges and means, all in one place.

The patients' groups are further from the healthy one than pathology alone makes them, as in BraTS and ATLAS: contrast,
sharpness, pose after registration. The amplitudes were set by statistics of real scans, not by scores.
"""

from dataclasses import dataclass

from sadm.demo.random_fields import Range


@dataclass(frozen=True)
class Population:
    """Ranges (uniform), or means, of one group of heads; lengths in mm, intensities relative to white matter."""

    native: bool  # own pose, skull and voxels; else on the SRI24 grid and stripped
    size: tuple[float, float]  # std of the log size, in common and an axis
    turn: tuple[float, float, float]  # std of the rotation, radians
    shift: tuple[tuple[float, float], ...]  # mean and std an axis
    warp: tuple[float, float, float]  # factors of the displacement, coarse to fine
    ventricles: Range  # shift of the wall, negative is larger
    atrophy: float  # added depth of the sulci
    csf: float
    white: float
    grey_to_white: Range
    blur: Range  # std of the point spread, voxels
    slice_blur: Range  # the same along z, voxels
    noise: Range
    bias: float  # factor of the bias field
    dura: Range  # brightness of remnants of skull and dura


_NATIVE_SHIFT = ((0.0, 4.0), (0.0, 5.0), (-14.0, 5.0))

POPULATIONS = {
    "healthy": Population(
        native=True,
        size=(0.028, 0.022),
        turn=(0.09, 0.05, 0.06),
        shift=_NATIVE_SHIFT,
        warp=(1.2, 2.4, 2.4),
        ventricles=(-3.5, 6.5),
        atrophy=0.0,
        csf=0.20,
        white=0.83,
        grey_to_white=(0.76, 0.81),
        blur=(0.10, 0.36),
        slice_blur=(0.0, 0.0),
        noise=(0.007, 0.022),
        bias=1.0,
        dura=(0.0, 0.0),
    ),
    "tumour": Population(
        native=False,
        size=(0.034, 0.026),
        turn=(0.04, 0.04, 0.04),
        shift=((0.0, 2.5), (0.0, 2.5), (0.0, 2.5)),
        warp=(1.5, 2.4, 2.4),
        ventricles=(-6.0, 3.0),
        atrophy=0.02,
        csf=0.27,
        white=0.83,
        grey_to_white=(0.85, 0.955),
        blur=(0.50, 0.95),
        slice_blur=(0.2, 1.3),
        noise=(0.012, 0.028),
        bias=0.9,
        dura=(0.10, 1.30),
    ),
    "stroke": Population(
        native=True,
        size=(0.028, 0.022),
        turn=(0.09, 0.05, 0.06),
        shift=_NATIVE_SHIFT,
        warp=(1.2, 2.4, 2.4),
        ventricles=(-6.0, 3.0),
        atrophy=0.04,
        csf=0.21,
        white=0.83,
        grey_to_white=(0.755, 0.825),
        blur=(0.20, 0.50),
        slice_blur=(0.0, 0.0),
        noise=(0.007, 0.022),
        bias=1.0,
        dura=(0.0, 0.0),
    ),
}


@dataclass(frozen=True)
class Scanner:
    """One site: its voxel size in mm, and factors of noise and bias field about 1."""

    voxel: tuple[float, float, float]
    noise: float
    bias: float


SCANNERS = {
    "alpha": Scanner((1.9, 1.9, 2.0), 0.85, 1.1),
    "beta": Scanner((2.0, 2.0, 2.2), 1.0, 0.8),
    "gamma": Scanner((2.1, 2.1, 2.0), 1.15, 1.0),
}
