"""What a prepared scan must fulfil, and the numbers behind it."""

from typing import Any

import numpy as np

COMPONENT = 0.99  # share of the mask that its largest connected part must hold


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two masks of equal shape, 0 to 1; 0 if both are empty."""
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero((a > 0) & (b > 0))) / total if total else 0.0


def components(mask: np.ndarray) -> tuple[int, float]:
    """Number of connected parts of ``mask`` [X, Y, Z] (faces touch), and the share of its voxels in the largest."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    return int(count), float(sizes.max() / sizes.sum()) if count else 0.0


def judge(values: dict[str, Any], brain_ml: list[float], overlap: float) -> list[str]:
    """Why a scan with these ``values`` fails, as sentences; none if it passes.

    ``brain_ml`` are the smallest and largest brain volume in the scan's own space, ``overlap`` the smallest Dice with the
    SRI24 brain.
    """
    low, high = brain_ml
    reasons = {
        "the T1 has voxels that are no numbers": not values["finite"],
        "the brain mask is empty": values["brain_ml"] == 0,
        f"the brain has {values['brain_ml']:.0f} ml, not {low:.0f} to {high:.0f}": 0
        < values["brain_ml"]
        < low
        or values["brain_ml"] > high,
        f"the brain mask falls into {values['components']} parts": values["components"] > 0
        and values["largest_component"] < COMPONENT,
        f"the brain mask overlaps the SRI24 brain by Dice {values['overlap']:.3f}, not {overlap:.3f}": values[
            "brain_ml"
        ]
        > 0
        and values["overlap"] < overlap,
        "the T1 is the same everywhere in the brain": values["brain_ml"] > 0
        and values["intensity_range"] == 0,
    }
    return [reason for reason, holds in reasons.items() if holds]
