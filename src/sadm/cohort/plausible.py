"""Whether a mask or a lesion label can be what it is said to be: of its T1's grid, of whole numbers, of a possible size."""

import hashlib
import itertools

import nibabel as nib
import numpy as np

from sadm.runtime.labels import WHOLE

VALUES = 16  # of a label: BraTS has 4; an image or a parcellation taken for a label has hundreds
TOLERANCE = 0.1  # mm between the corners of two grids: headers that store quaternions round at about .01
DARK = 0.5  # brightness of a brain mask's voxels by that of all voxels, below which the mask lies beside the head
AIR = 0.5  # of the mean brightness, with the air in it: what is brighter is head
BORDER = 0.5  # share of the voxels on the faces of the image that a label may take
LARGEST = 700.0  # ml of a lesion: half a brain; the largest of ATLAS v2.0 has 479 (Liew et al. 2022)
SHARE = 0.5  # of the head that a lesion may take
SAME_MASK = 0.9  # Dice of a label with the brain mask from which on it is the brain mask
TELLING = 30  # voxels of a label: smaller ones may be equal by chance


def in_axes_of(label: nib.Nifti1Image, t1: nib.Nifti1Image) -> nib.Nifti1Image:
    """``label`` with its axes in the order and direction of ``t1``'s, where these are the same lines in the world; else itself."""
    turn = np.linalg.inv(t1.affine[:3, :3]) @ label.affine[:3, :3]
    order = np.abs(turn).argmax(axis=0)
    signs = np.sign(turn[order, range(3)])
    same = order.tolist() == [0, 1, 2] and signs.tolist() == [1, 1, 1]
    if same or len(set(order.tolist())) < 3:
        return label
    return label.as_reoriented(np.column_stack([order, signs]))


def grid_offset(one: nib.Nifti1Image, other: nib.Nifti1Image) -> str:
    """How the grids of two images differ, "" if they are the same: equal shape, corners less than TOLERANCE mm apart."""
    if one.shape != other.shape:
        return f"shape {other.shape}, not {one.shape}"
    corners = np.array([[*corner, 1] for corner in itertools.product(*((0, size - 1) for size in one.shape))])
    distance = np.linalg.norm((corners @ (one.affine - other.affine).T)[:, :3], axis=1).max()
    return f"its affine moves a corner by {distance:.3g} mm" if distance > TOLERANCE else ""


def no_mask(values: np.ndarray, fractional: bool) -> str:
    """Why ``values`` are not those of a mask, "" if they are; ``fractional``: it was interpolated."""
    inside = values[values != 0]
    if inside.size and inside.min() < 0:
        return f"values down to {inside.min():g}"
    if fractional or not inside.size:
        return ""
    if (off := np.abs(inside - inside.round()).max()) > WHOLE:
        return f"values between whole numbers, by up to {off:.2g}"
    count = len(np.unique(inside)) + 1
    return f"{count} values, more than {VALUES}" if count > VALUES else ""


def beside(t1: np.ndarray, mask: np.ndarray, brain: bool) -> str:
    """Why ``mask`` (bool), on the grid of ``t1``, has nothing of the head in it, "" if it has or is empty.

    A lesion may be darker than the rest, but not 0; a ``brain`` is brighter than the mean, which has the air in it.
    """
    if not mask.any():
        return ""
    if not t1[mask].any():
        return "the T1 is 0 in all of it"
    low = float(t1.min())
    share = (t1[mask].mean(dtype=np.float64) - low) / max(t1.mean(dtype=np.float64) - low, 1e-9)
    return f"the T1 is {share:.0%} as bright in it as on average" if brain and share < DARK else ""


def background(mask: np.ndarray) -> str:
    """What is wrong with the background of ``mask`` (bool [X, Y, Z]), "" if the faces of the image are outside."""
    faces = [mask.take(end, axis) for axis in range(3) for end in (0, -1)]
    share = float(np.mean(np.concatenate([face.ravel() for face in faces])))
    return f"its background is not 0: {share:.0%} of the image's border is inside" if share > BORDER else ""


def no_lesion(t1: np.ndarray, label: np.ndarray, brain: np.ndarray | None, voxel: float) -> str:
    """Why ``label`` (bool), on the grid of ``t1``, is no lesion, "" if it may be one.

    ``brain``: the scan's brain mask (bool), if it has one; ``voxel``: its volume in mm3.
    """
    ml = int(np.count_nonzero(label)) * voxel / 1000
    if wrong := background(label):
        return f"{wrong}, {ml:.0f} ml in all"
    if ml > LARGEST:
        return f"{ml:.0f} ml, more than a lesion can have ({LARGEST:g} ml)"
    if brain is not None and overlap(label, brain) > SAME_MASK:
        return f"{ml:.0f} ml, the brain mask itself"
    head = t1 > t1.min() + AIR * (t1.mean(dtype=np.float64) - t1.min())
    share = int(np.count_nonzero(head & label)) / max(int(np.count_nonzero(head)), 1)
    return f"{ml:.0f} ml, {share:.0%} of the head" if share > SHARE else ""


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Dice of two masks (bool), 0 if both are empty."""
    total = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2 * int(np.count_nonzero(one & other)) / max(total, 1)


def outline(label: nib.Nifti1Image) -> str:
    """What two labels that are one share, whatever the order of their axes, margins and values; "" for fewer than TELLING voxels."""
    inside = np.asarray(nib.as_closest_canonical(label).dataobj) > 0
    if np.count_nonzero(inside) < TELLING:
        return ""
    spans = [np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    box = np.ascontiguousarray(inside[tuple(slice(span[0], span[-1] + 1) for span in spans)])
    return hashlib.sha256(repr(box.shape).encode() + np.packbits(box).data).hexdigest()
