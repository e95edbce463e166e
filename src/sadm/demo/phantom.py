"""What is computed once from the SRI24 head: a bias-free phantom, its brain mask and the maps that steer the maker."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sadm.demo.neck import extend
from sadm.demo.random_fields import Array
from sadm.runtime.files import atomic, load_nifti

BELOW = 72  # mm drawn below the lowest slice of SRI24
_GUIDE_STEP = 2  # mm
_GUIDES = 5  # depth, cortex, ventricle gradient x y z


@dataclass(frozen=True)
class Phantom:
    """The SRI24 head as tissue values (CSF about .25, grey matter .68, white matter 1), float32.

    ``head`` and ``brain`` (mask in [0, 1]) [X, Y, Z] lie at ``step`` mm; voxel (0, 0, 0) is at SRI24 millimetres
    ``corner``. ``guides`` [5, I, J, K] at 2 mm from SRI24 voxel (0, 0, 0): depth below the closed hull of the brain
    in mm (negative outside); cortex (1 where there is folding; 0 in cerebellum and brain stem); gradient of the blurred ventricles.
    ``box``: first and last SRI24 voxel of the brain an axis. ``world``: SRI24 voxel to RAS+ mm, 4 x 4.
    """

    head: Array
    brain: Array
    guides: Array
    step: float
    corner: NDArray[np.float64]
    box: NDArray[np.int64]
    world: NDArray[np.float64]

    @property
    def centre(self) -> NDArray[np.float64]:
        """Centre of the brain box in SRI24 millimetres, [3]."""
        return np.asarray(self.box.mean(axis=1))


def load_phantom(path: str | Path) -> Phantom:
    """Read what `make_phantom` wrote."""
    with np.load(path) as stored:
        values: dict[str, Any] = {f.name: stored[f.name] for f in fields(Phantom)}
    for name in ("head", "guides"):
        values[name] = values[name].astype(np.float32)
    values["brain"] = values["brain"].astype(np.float32) / 255
    values["step"] = float(values["step"])
    return Phantom(**values)


def make_phantom(head: str | Path, brain: str | Path, out: str | Path, step: float = 1.25) -> None:
    """Write the phantom of the SRI24 ``head`` and ``brain`` images (canonical RAS, 1 mm, one grid) to ``out`` (.npz).

    ``step``: mm between the stored voxels. About 5 s; raises DataError for images that cannot be read.
    """
    from scipy import ndimage

    image = load_nifti(head)
    raw = np.asarray(image.dataobj, np.float32)
    mask = ndimage.binary_fill_holes(np.asarray(load_nifti(brain).dataobj) > 0)
    values: Array = raw / _bias(raw, mask)
    guides = _guides(values, mask)
    values = _sharpen_deep_grey(values, guides[0])
    soft: Array = ndimage.gaussian_filter(mask.astype(np.float32), 0.6)
    values = extend(
        values, np.clip(3 * ndimage.gaussian_filter(soft, 2.0), 0, 1), BELOW, np.random.default_rng(24)
    )
    soft = np.pad(soft, ((0, 0), (0, 0), (BELOW, 0)))
    values, soft = (np.pad(_resample(v, step), 1) for v in (values, soft))
    found = np.array([(w.min(), w.max()) for w in np.nonzero(mask)])
    with atomic(out) as tmp:
        np.savez(
            tmp,
            head=values.astype(np.float16),
            brain=np.round(255 * np.clip(soft, 0, 1)).astype(np.uint8),
            guides=guides.astype(np.float16),
            step=step,
            corner=np.array([-step, -step, -BELOW - step]),
            box=found,
            world=image.affine,
        )


def _resample(volume: Array, step: float) -> Array:
    """Linear resampling of a 1 mm volume to ``step`` mm from the same first voxel."""
    from scipy import ndimage

    shape = [int((n - 1) / step) + 1 for n in volume.shape]
    return np.asarray(
        ndimage.affine_transform(volume, np.eye(3) * step, output_shape=shape, order=1), np.float32
    )


def _bias(raw: Array, mask: NDArray[np.bool_]) -> Array:
    """Smooth intensity [X, Y, Z] of the white matter (raw over 800, 3 mm inside the brain): the scanner's bias."""
    from scipy import ndimage

    white = (raw > 800) & ndimage.binary_erosion(mask, iterations=3)
    shape = np.array(raw.shape)

    def coarse(x: Array) -> Array:
        low = ndimage.gaussian_filter(x[::4, ::4, ::4], 6.0)
        return np.asarray(ndimage.zoom(low, shape / low.shape, order=1))

    weight = coarse(white.astype(np.float32))
    mean = (coarse(raw * white) + 1e-3) / (weight + 1e-6)
    mean = np.where(weight > 1e-3, mean, np.median(mean[weight > 1e-3]))
    return np.asarray(ndimage.gaussian_filter(np.clip(mean, 700, 1000), 8.0), np.float32)


def _guides(values: Array, mask: NDArray[np.bool_]) -> Array:
    """The maps that steer the maker, float32 [5, I, J, K] at 2 mm (see `Phantom`)."""
    from scipy import ndimage

    s = _GUIDE_STEP
    hull = ndimage.binary_closing(np.pad(mask[::s, ::s, ::s], 8), iterations=7)
    inside, outside = (ndimage.distance_transform_edt(x)[8:-8, 8:-8, 8:-8] for x in (hull, ~hull))
    depth = s * np.where(inside > 0, inside, 1 - outside)
    low = ndimage.gaussian_filter(values, 0.8)[::s, ::s, ::s]
    x, y, z = np.meshgrid(*[np.arange(n) * s for n in low.shape], indexing="ij", sparse=True)
    labels, _ = ndimage.label((low < 0.45) & (depth > 22))
    sizes = np.bincount(labels.ravel())[1:]
    ventricles = np.zeros_like(mask[::s, ::s, ::s])
    for label in 1 + np.argsort(-sizes, kind="stable")[:6]:
        cx, _, cz = (s * c for c in ndimage.center_of_mass(labels == label))
        if 65 < cz < 105 and 85 < cx < 155:
            ventricles |= labels == label
    gradient = np.stack(np.gradient(ndimage.gaussian_filter(ventricles.astype(np.float32), 2.5)))
    fossa = ((y < 112) & (z < 58 - 0.25 * (y - 60))) | ((y < 135) & (z < 66) & (np.abs(x - 120) < 22))
    cortex = 1 - ndimage.gaussian_filter(fossa.astype(np.float32), 1.5)
    return np.concatenate([depth[None], cortex[None], gradient / np.abs(gradient).max()]).astype(np.float32)


def _sharpen_deep_grey(values: Array, depth: Array) -> Array:
    """More contrast between the deep grey nuclei and the capsules: an unsharp mask in an ellipsoid about them."""
    from scipy import ndimage

    x, y, z = np.meshgrid(*[np.arange(n) for n in values.shape], indexing="ij", sparse=True)
    radius = np.sqrt(((x - 120) / 42.0) ** 2 + ((y - 122) / 38.0) ** 2 + ((z - 70) / 22.0) ** 2)
    weight = np.clip((1.0 - radius) / 0.25, 0, 1) * ((values > 0.55) & (values < 1.1))
    detail = ndimage.gaussian_filter(values, 1.0) - ndimage.gaussian_filter(np.clip(values, 0.6, 1.05), 6.0)
    weight = ndimage.gaussian_filter(weight.astype(np.float32), 1.0)
    return np.asarray(values + weight * np.clip(1.0 * detail, -0.12, 0.08), np.float32)
