"""World coordinates: grids, affine transforms and the one interpolation law of the chain.

Worlds are RAS+ in millimetres, as NIfTI has them. A transform is a 4 x 4 matrix from the world of the target (SRI24) to
the world of the source (the scan): the direction in which images are sampled, and in which ANTs stores it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from sadm.runtime.errors import ConfigError, DataError
from sadm.runtime.files import REMAKE, atomic, not_written, unreadable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FINEST = 4  # samples per axis of a voxel; an image with finer voxels is averaged over blocks first
SAMPLES = 2**25  # held at once: 128 MiB
_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Grid:
    """Voxels of a volume: ``shape`` (X, Y, Z) and ``affine`` 4 x 4, voxel index to world in mm."""

    shape: tuple[int, ...]
    affine: np.ndarray

    @classmethod
    def of(cls, image: nib.Nifti1Image) -> "Grid":
        """The grid of an image."""
        return cls(tuple(int(n) for n in image.shape), np.asarray(image.affine, dtype=float))

    def coarse(self, factor: int) -> "Grid":
        """The grid of ``block_mean(volume, factor)``: voxel centres in the middle of the blocks, rests left off."""
        shape = tuple(n // factor for n in self.shape)
        return Grid(shape, self.affine @ scaling(factor, (factor - 1) / 2))

    def box(self, low: "ArrayLike", high: "ArrayLike") -> "Grid":
        """The part of the grid from voxel ``low`` to before ``high``; it may reach beyond the grid."""
        shape = tuple(int(n) for n in np.subtract(high, low))
        return Grid(shape, self.affine @ translation(low))

    @property
    def voxel(self) -> float:
        """Volume of a voxel in mm3."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))


def translation(shift: "ArrayLike") -> np.ndarray:
    """4 x 4 matrix that adds ``shift`` (3 numbers)."""
    matrix = np.eye(4)
    matrix[:3, 3] = shift
    return matrix


def scaling(factor: float, offset: float = 0.0) -> np.ndarray:
    """4 x 4 matrix of x -> ``factor`` * x + ``offset`` on each axis."""
    matrix = np.diag([factor, factor, factor, 1.0])
    matrix[:3, 3] = offset
    return matrix


def block_mean(volume: np.ndarray, factor: int) -> np.ndarray:
    """Mean of each ``factor``-cubed block of ``volume`` [X, Y, Z], float32; voxels beyond the last whole block are left off."""
    x, y, z = (n // factor for n in volume.shape)
    blocks = volume[: x * factor, : y * factor, : z * factor].reshape(x, factor, y, factor, z, factor)
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32)


def spline_points(volume: np.ndarray, factor: int) -> np.ndarray:
    """The cubic B-spline through ``volume`` [X, Y, Z] (borders mirrored) at the centre of each ``factor``-cubed block, float32.

    With factor 2 at 2 k + 0.5, as the released code down-samples. It overshoots at edges, and nothing is averaged.
    """
    shape = [n // factor for n in volume.shape]
    source = sitk.GetImageFromArray(np.ascontiguousarray(volume.T, dtype=np.float32))
    matrix = scaling(factor, (factor - 1) / 2)
    affine = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    made = sitk.Resample(source, shape, affine, sitk.sitkBSpline)
    return np.array(sitk.GetArrayViewFromImage(made).T)


def largest_box(mask: np.ndarray, margin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last index per axis of the non-zero voxels of ``mask`` [X, Y, Z], widened by ``margin`` voxels."""
    spans = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    return np.array([s[0] - margin for s in spans]), np.array([s[-1] + 1 + margin for s in spans])


def sample(
    image: nib.Nifti1Image, grid: Grid, transform: np.ndarray | None = None, factor: int = 1
) -> np.ndarray:
    """Values of ``image`` on ``grid``, float32 [X, Y, Z]: linear interpolation, 0 outside the image.

    ``transform`` maps the grid's world to the image's world (identity if None). With ``factor`` > 1 the image is sampled
    on a grid that many times finer, and averaged over blocks. All of it happens in voxel indices through one affine
    matrix, so that shears, flips and permuted axes need no special case. Of an image with far finer voxels than the grid the
    mean is taken over blocks of its voxels first, and a large grid is sampled in slabs: memory is that of image and result.
    """
    world = np.eye(4) if transform is None else transform
    if factor > FINEST:
        spacing = float(np.cbrt(grid.voxel))
        image = pooled(image, spacing / 2)
        factor = factor_for(image, spacing)
    data = np.asarray(image.dataobj, dtype=np.float32)
    source, inverse = sitk.GetImageFromArray(np.ascontiguousarray(data.T)), np.linalg.inv(image.affine)
    del data
    count = -(-int(np.prod(grid.shape, dtype=np.int64)) * factor**3 // SAMPLES)
    if count == 1:
        return _resampled(source, grid, inverse @ world, factor)
    found = np.empty(grid.shape, dtype=np.float32)
    for part in np.array_split(np.arange(grid.shape[2]), min(count, grid.shape[2])):
        low, high = int(part[0]), int(part[-1]) + 1
        slab = grid.box([0, 0, low], [*grid.shape[:2], high])
        found[:, :, low:high] = _resampled(source, slab, inverse @ world, factor)
    return found


def _resampled(source: sitk.Image, grid: Grid, to_index: np.ndarray, factor: int) -> np.ndarray:
    """Values on ``grid`` of ``source``, whose voxel indices ``to_index`` (4 x 4) gives for the grid's world."""
    fine = Grid(
        tuple(n * factor for n in grid.shape), grid.affine @ scaling(1 / factor, (1 / factor - 1) / 2)
    )
    # Rounded, so that a head written in another order of its axes gives the same numbers, not almost the same.
    matrix = np.round(to_index @ fine.affine, 9)
    affine = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    target = sitk.Resample(source, fine.shape, affine, sitk.sitkLinear)
    values = sitk.GetArrayViewFromImage(target).T
    return block_mean(values, factor) if factor > 1 else np.array(values)


def pooled(image: nib.Nifti1Image, spacing: float) -> nib.Nifti1Image:
    """Means of ``image`` over blocks of as many voxels along each axis as have at most ``spacing`` mm, the last block of the rest."""
    affine = np.asarray(image.affine, dtype=float)
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    data = np.asarray(image.dataobj, dtype=np.float32)
    blocks = np.maximum(1, np.floor(spacing / sizes + 1e-6).astype(int))
    for axis, block in enumerate(blocks):
        if block > 1:
            starts = np.arange(0, data.shape[axis], block)
            counts = np.diff([*starts, data.shape[axis]]).astype(np.float32)
            shape = [-1 if other == axis else 1 for other in range(3)]
            data = (np.add.reduceat(data, starts, axis=axis) / counts.reshape(shape)).astype(np.float32)
    larger = np.diag([*blocks, 1.0])
    larger[:3, 3] = (blocks - 1) / 2
    return nib.Nifti1Image(data, affine @ larger)


def factor_for(image: nib.Nifti1Image, spacing: float) -> int:
    """How many samples per axis a voxel of ``spacing`` mm needs so that no voxel of ``image`` is stepped over."""
    finest = float(np.linalg.norm(np.asarray(image.affine)[:3, :3], axis=0).min())
    return max(1, int(np.ceil(spacing / finest - 0.25)))


def carry_mask(mask: nib.Nifti1Image, grid: Grid, transform: np.ndarray | None = None) -> np.ndarray:
    """Where ``mask`` (values > 0) fills half of a voxel of ``grid`` or more, bool [X, Y, Z]; ``transform`` as for sample."""
    binary = nib.Nifti1Image((np.asarray(mask.dataobj) > 0).astype(np.float32), mask.affine)
    return sample(binary, grid, transform, factor_for(mask, float(np.cbrt(grid.voxel)))) >= 0.5


def volume(mask: nib.Nifti1Image) -> float:
    """Volume in ml of the voxels of ``mask`` that are not 0."""
    return float(np.count_nonzero(np.asarray(mask.dataobj))) * Grid.of(mask).voxel / 1000


def world_grid(image: nib.Nifti1Image, spacing: float) -> Grid:
    """The grid of ``spacing`` mm along the world's axes that covers ``image``: the same for all its axis orders and flips."""
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float)
    corners[:, :3] = corners[:, :3] * image.shape - 0.5
    world = (np.asarray(image.affine, dtype=float) @ corners.T)[:3]
    low, high = world.min(axis=1), world.max(axis=1)
    shape = np.ceil((high - low) / spacing - 1e-6).astype(int)
    start = (low + high) / 2 - (shape - 1) * spacing / 2
    return Grid(tuple(int(n) for n in shape), translation(start) @ scaling(spacing))


def study_grid(brain: nib.Nifti1Image, shape: "ArrayLike", spacing: float) -> Grid:
    """The grid of the prepared volumes before down-sampling: RAS+, ``shape`` voxels of ``spacing`` mm.

    It is centred on the box of the SRI24 ``brain`` (voxels > 0). With SRI24's own spacing it lies on its voxels,
    so that scans which come in this space are copied without interpolation.
    """
    size = np.asarray(shape, dtype=int)
    low, high = largest_box(np.asarray(brain.dataobj) > 0)
    middle = (low + high - 1) / 2
    step = np.linalg.norm(np.asarray(brain.affine)[:3, :3], axis=0)
    first = (
        np.floor(middle - (size - 1) / 2 * spacing / step)
        if np.allclose(step, spacing)
        else middle - (size - 1) / 2 * spacing / step
    )
    start = np.asarray(brain.affine)[:3, :3] @ first + np.asarray(brain.affine)[:3, 3]
    return Grid(tuple(int(n) for n in size), translation(start) @ scaling(spacing))


def prepared_grid(fine: Grid, downsample: int, crop: int) -> Grid:
    """The grid of the prepared volume: ``fine`` by blocks of ``downsample``, less ``crop`` axial slices at each end.

    Raises ConfigError if nothing is left or the blocks do not fit.
    """
    if any(n % downsample for n in fine.shape) or 2 * crop >= fine.shape[2] // downsample:
        cause = f"shape {list(fine.shape)}, downsample {downsample}, crop {crop}"
        raise ConfigError(
            "The grid is not possible.",
            cause=cause,
            fix="choose grid.shape divisible by grid.downsample, and a smaller grid.crop",
        )
    coarse = fine.coarse(downsample)
    x, y, z = coarse.shape
    return coarse.box([0, 0, crop], [x, y, z - crop])


def read_transform(path: str | Path) -> np.ndarray:
    """4 x 4 matrix (SRI24 world to scan world, RAS+ mm) of an ITK affine ``.mat`` file.

    Raises DataError: no such file, another transform, cut short, numbers that map no volume.
    """
    try:
        matrix = _stored(path)
        if not np.isfinite(matrix).all() or not np.linalg.det(matrix[:3, :3]):
            raise ValueError("its numbers map no volume to a volume")
    except (RuntimeError, TypeError, ValueError) as error:  # SimpleITK's errors are RuntimeErrors
        cause = unreadable(path) or str(error).strip().rpartition("\n")[2]
        raise DataError("A transform cannot be read.", file=path, cause=cause, fix=REMAKE) from error
    return matrix


def _stored(path: str | Path) -> np.ndarray:
    stored = sitk.ReadTransform(str(path))
    affine = sitk.AffineTransform(stored) if stored.GetName() != "AffineTransform" else stored
    centre = np.asarray(affine.GetFixedParameters())
    parameters = np.asarray(affine.GetParameters())
    matrix = np.eye(4)
    matrix[:3, :3] = parameters[:9].reshape(3, 3)
    matrix[:3, 3] = parameters[9:] + centre - matrix[:3, :3] @ centre
    return _LPS @ matrix @ _LPS


def write_transform(matrix: np.ndarray, path: str | Path) -> None:
    """Write a 4 x 4 matrix (SRI24 world to scan world, RAS+ mm) as the ITK affine ``.mat`` file that ANTs reads (LPS inside)."""
    inside = _LPS @ matrix @ _LPS
    affine = sitk.AffineTransform(inside[:3, :3].ravel().tolist(), inside[:3, 3].tolist())
    with atomic(path) as tmp:
        try:
            sitk.WriteTransform(affine, str(tmp))
            whole = np.allclose(_stored(tmp), matrix)
        except RuntimeError:
            whole = False
        if not whole:  # ITK's writer does not look whether the disk took it
            raise not_written(path, "what was written does not read back")
