"""A scan's values in one range, whatever scale, offset, background or outlier its file has: 0 outside and in the darkest, 1 at the 99.9th percentile."""

from dataclasses import dataclass
from functools import cached_property

import nibabel as nib
import numpy as np

PERCENTILES = (0.1, 99.9)  # of what is no background
TOP = 2.0  # real heads reach 1.1 to 2.5, most of them below 2: so far are histograms as those of the raw values; what is above is an outlier
MANY = 2**24  # voxels from which on the percentiles are those of every other voxel, or fewer
FACES = 0.5  # share of the voxels on the faces of the array that have one value, if this is the background and no noise
BELOW = 0.25  # of the span: a value that lies further below the darkest is not the zero of the scale
RAISED = 0.05  # of the span: a scan whose darkest voxels lie higher above 0 than this has had something added
STRIPPED_ML = 2300.0  # smaller content on a constant background is a brain: heads have 4900 ml and more


@dataclass(frozen=True)
class Intensities:
    """The ``values`` of a scan, float32 [X, Y, Z], and what they mean."""

    values: np.ndarray

    @cached_property
    def background(self) -> float | None:
        """The one value that surrounds the head or brain, None where noise does."""
        v = self.values
        faces = [part.ravel() for axis in range(3) for part in (v.take(0, axis), v.take(-1, axis))]
        found, counts = np.unique(np.concatenate(faces), return_counts=True)
        return float(found[counts.argmax()]) if counts.max() >= FACES * counts.sum() else None

    @cached_property
    def inside(self) -> np.ndarray:
        """What is no background, bool [X, Y, Z]; all where that is noise. Where tissue has the value, too, only what touches the faces is."""
        if self.background is None:
            return np.ones(self.values.shape, dtype=bool)
        same = self.values == self.background
        rest = self.values[~same]
        if rest.size and rest.min() < self.background < rest.max():
            same = touching(same)
        return ~same

    @cached_property
    def span(self) -> tuple[float, float]:
        """The values that become 0 and 1: the zero of the scale, and the upper one of PERCENTILES."""
        content = self.values[self.inside][:: -(-self.values.size // MANY)]
        if not content.size:
            return 0.0, 0.0
        low, high = map(float, np.percentile(content, PERCENTILES))
        # What surrounds is the zero of the scale; or a mark, far from the rest, and 0 is.
        zeros = (self.background or 0.0, 0.0)
        far = RAISED if self.background is None else BELOW if self.background else np.inf
        return next((zero for zero in zeros if 0 <= low - zero <= far * (high - low)), low), high

    def common(self) -> np.ndarray:
        """The values in [0, TOP], float32, 0 in the background: the same for scaled and shifted copies of a scan, but for rounding."""
        low, high = self.span
        if high <= low:
            return np.where(self.inside, self.values, 0).astype(np.float32)
        scaled = self.values - np.float32(low)  # then in place: a large scan is there twice, not four times
        scaled /= np.float32(high - low)
        np.clip(scaled, 0, TOP, out=scaled)
        scaled[~self.inside] = 0
        return scaled

    @property
    def odd_background(self) -> float | None:
        """A background that is not 0, None where it is, or is noise."""
        return self.background or None


def touching(mask: np.ndarray) -> np.ndarray:
    """The connected parts of ``mask`` [X, Y, Z] (bool) that reach a face of the array."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    faces = [part.ravel() for axis in range(3) for part in (labels.take(0, axis), labels.take(-1, axis))]
    kept = np.zeros(labels.max() + 1, dtype=bool)
    kept[np.unique(np.concatenate(faces))] = True
    kept[0] = False
    return np.asarray(kept[labels])


def content(image: nib.Nifti1Image) -> np.ndarray:
    """What a scan on a constant background holds, bool [X, Y, Z]: its largest connected part, holes filled."""
    from scipy import ndimage

    found = Intensities(np.asarray(image.dataobj, dtype=np.float32))
    labels, count = ndimage.label(found.inside if found.background is not None else found.values != 0)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        labels = labels == sizes.argmax()
    return np.asarray(ndimage.binary_fill_holes(labels))


def stripped_ml(image: nib.Nifti1Image) -> float | None:
    """Volume in ml of what ``image`` holds, if it is so little on a constant background that the scan comes stripped; else None."""
    found = Intensities(np.asarray(image.dataobj, dtype=np.float32))
    voxel = abs(float(np.linalg.det(image.affine[:3, :3]))) / 1000
    ml = float(np.count_nonzero(found.inside)) * voxel
    return ml if found.background is not None and 0 < ml < STRIPPED_ML else None
