"""Small prints of heads, by which a copy is found whose values were scaled or shifted, so that its checksum is another one."""

import base64
from collections.abc import Iterator, Mapping

import nibabel as nib
import numpy as np

POINTS = 10  # along an axis of the head's box, at which a print takes its values
STEP = 4096  # of a standard deviation, in which a print is stored
COPY = 0.999  # correlation in the head: two sessions of a head, noise apart, stay below .99
NEAR = 0.99  # correlation in the whole box, below which no pair is looked at
DARK = 0.1  # of the range of values: what is darker is no head
BLOCK = 1024  # prints that are compared with all others at once


def print_of(image: nib.Nifti1Image) -> str:
    """Standardised values at POINTS^3 points of the head's box, as text; "" where all are equal.

    Equal for copies whose values are scaled (by a factor above 0) and shifted, or whose axes are stored another way. Points, not
    means: these would hide the noise by which two sessions of a person differ.
    """
    data = nib.as_closest_canonical(image).get_fdata(dtype=np.float32)
    low, high = float(data.min()), float(data.max())
    inside = data > low + DARK * (high - low)
    if not inside.any():
        return ""
    places = [
        _points(inside.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)
    ]
    found = data[np.ix_(*places)].astype(np.float64).ravel()
    if (spread := found.std()) <= 1e-6 * max(abs(low), abs(high)):
        return ""
    steps = np.clip((found - found.mean()) / spread * STEP, -32767, 32767).round().astype("<i2")
    return base64.b64encode(steps.tobytes()).decode()


def _points(inside: np.ndarray) -> np.ndarray:
    """Indices of POINTS voxels, evenly from the first to the last that is ``inside``."""
    first, last = np.flatnonzero(inside)[[0, -1]]
    return first + ((np.arange(POINTS) + 0.5) * (last + 1 - first) / POINTS).astype(int)


def copies(prints: Mapping[str, str]) -> Iterator[tuple[str, str, float]]:
    """Pairs of names whose ``prints`` are of one image, and their correlation in the head, at least COPY."""
    names = sorted(name for name, print_ in prints.items() if print_)
    if not names:
        return
    stored = np.stack([np.frombuffer(base64.b64decode(prints[name]), "<i2") for name in names])
    values = stored.astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    for start in range(0, len(names), BLOCK):
        near = values[start : start + BLOCK] @ values[start:].T >= NEAR
        for one, other in np.argwhere(np.triu(near, 1)) + start:
            found = _in_the_head(stored[one], stored[other])
            if found >= COPY:
                yield names[one], names[other], found


def _in_the_head(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation where either is brighter than its mean, air apart."""
    head = (one > 0) | (other > 0)
    a, b = (values[head].astype(np.float64) for values in (one, other))
    if min(a.std(), b.std()) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
