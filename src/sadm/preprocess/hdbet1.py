"""HD-BET 1 (Isensee et al. 2019), which the paper used: the mean over networks and mirrorings of a head at 1.5 mm, its largest part.

Arrays that the networks see are [Z, Y, X], axes to superior, anterior and right, as in the files of MNI152 that HD-BET asks for.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from sadm.preprocess.hdbet1_network import DIVISOR, SMALLEST, Network
from sadm.runtime.process import keep_freed_memory

SPACING = 1.5  # mm, of the voxels that the networks see
# Bytes: larger ones, the maps at full resolution, are given back at once, or a job takes 3.6 GB.
BLOCK = 2**27
MIRRORINGS = tuple(axes for count in range(4) for axes in combinations(range(3), count))  # 8, none first


def resized(values: np.ndarray, shape: Sequence[int], order: int) -> np.ndarray:
    """``values`` [A, B, C] by splines of ``order`` on ``shape`` voxels of the same field of view, within their own range."""
    factors = np.divide(shape, values.shape)
    found = ndimage.zoom(values, factors, order=order, mode="nearest", grid_mode=True)
    return np.clip(found, values.min(), values.max())


def prepared(head: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """What the networks see of ``head`` [X, Y, Z], axes RAS, voxels of ``spacing`` mm: [Z, Y, X] at 1.5 mm, mean 0, deviation 1."""
    values = np.ascontiguousarray(head.T, dtype=np.float32)
    shape = [round(edge * size / SPACING) for edge, size in zip(values.shape, spacing[::-1], strict=True)]
    values = resized(values, shape, order=3)
    values = values - values.mean()
    return values / (values.std() or 1)


def padded(values: np.ndarray) -> Tensor:
    """``values`` [Z, Y, X] with zeros behind, so that a network takes them: [1, 1, Z', Y', X']."""
    wanted = [max(SMALLEST, -(-edge // DIVISOR) * DIVISOR) for edge in values.shape]
    behind = [(0, new - edge) for new, edge in zip(wanted, values.shape, strict=True)]
    return torch.from_numpy(np.pad(values, behind))[None, None]


def probability(network: Network, image: Tensor, mirrored: Sequence[int]) -> Tensor:
    """``network``'s probability of brain in ``image`` [1, 1, Z, Y, X], seen ``mirrored`` along some of the axes 0, 1, 2: [Z, Y, X]."""
    axes = [axis + 2 for axis in mirrored]
    with torch.inference_mode():
        return network(image.flip(axes))[0].flip(list(mirrored))


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest part of ``mask`` [Z, Y, X] whose voxels share a corner at least; nothing of an empty one."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3, 3)))
    return labels == np.bincount(labels[labels > 0]).argmax() if count else mask


def brain(mean: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """The mask, bool [X, Y, Z] of ``shape``, by the ``mean`` probability [Z, Y, X]: where it is above a half, the largest part."""
    found = largest(mean > 0.5).astype(np.uint8)
    return resized(found, shape[::-1], order=0).T > 0


def networks(weights: Iterable[dict[str, Tensor]], device: str) -> list[Network]:
    """A network for each of the ``weights``, frozen, on ``device``."""
    found = []
    for tensors in weights:
        with torch.device("meta"):
            network = Network()
        network.load_state_dict(tensors, assign=True)
        found.append(network.requires_grad_(False).eval().to(device))
    return found


def stripper(
    weights: Iterable[dict[str, Tensor]], tta: bool, device: str, threads: int
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function from a head [X, Y, Z] and its affine (axes RAS, no tilt) to its brain mask, bool [X, Y, Z].

    ``weights``: of the networks whose mean is taken, with ``tta`` over the eight mirrorings of each, too.
    """
    torch.set_num_threads(threads)
    keep_freed_memory(BLOCK)
    torch.backends.cudnn.allow_tf32 = False  # a GPU's default rounds to 10 bits
    loaded = networks(weights, device)
    mirrorings = MIRRORINGS if tta else MIRRORINGS[:1]

    def strip(head: np.ndarray, affine: np.ndarray) -> np.ndarray:
        values = prepared(head, np.diag(affine)[:3].tolist())
        image = padded(values).to(device)
        total = torch.zeros(image.shape[2:], device=device)
        for network in loaded:
            for mirrored in mirrorings:
                total += probability(network, image, mirrored)
        inside = tuple(map(slice, values.shape))
        mean = (total / (len(loaded) * len(mirrorings)))[inside].cpu().numpy()
        return brain(mean, head.shape)

    return strip
