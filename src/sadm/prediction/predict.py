"""Anomaly maps of the scored scans by one trained model."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from sadm.cohort.packed import Packed, load_packed, members
from sadm.prediction.maps import write_maps
from sadm.prediction.score import Scoring
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import DataError
from sadm.runtime.files import open_array
from sadm.runtime.progress import Progress
from sadm.training.checkpoint import load_method


def predict(
    *,
    fold: int,
    part: str,
    weights: str | Path,
    packed: str | Path,
    splits: str | Path,
    reconstructions: str | Path | None,
    sigma: float,
    median: int,
    device: str,
    amp: bool,
    out: str | Path,
) -> None:
    """Write the anomaly maps of the scans in ``part`` ("val", "test") of ``fold``: brain voxels only, as `sadm.prediction.maps` stores them.

    ``packed`` is the folder of the data set and ``splits`` the split of its scans; ``reconstructions``
    are those of the same scans by the model itself or the one it needs, None if neither reconstructs; ``sigma`` and
    ``median`` are the parameters of the SSIM score. Raises DataError for weights or reconstructions that do not fit.
    """
    volumes = load_packed(packed)
    scans = members(volumes, splits, fold, part)
    made = None if reconstructions is None else _checked(reconstructions, volumes, scans)
    place = pick_device(device)
    method = load_method(weights, place)
    method.score = Scoring(sigma, median)
    progress = Progress(len(scans))

    @torch.no_grad()
    def maps() -> Iterator[np.ndarray]:
        for row, index in enumerate(scans):
            volume = torch.from_numpy(volumes.t1[index].astype(np.float32)).to(place)
            brain = torch.from_numpy(volumes.brain[index] > 0).to(place)
            given = None if made is None else torch.from_numpy(made[row].astype(np.float32)).to(place)
            with autocast(place, amp)():
                found = method.anomaly_map(volume, brain, given)
            yield found.float().cpu().numpy()
            progress(row + 1, lambda: "maps")

    write_maps(maps(), volumes, scans, out)


def _checked(path: str | Path, packed: Packed, scans: np.ndarray) -> np.ndarray:
    """The reconstructions at ``path``, memory-mapped, of as many scans and of the same grid."""
    made = open_array(path)
    if len(made) != len(scans) or made.shape[2:] != packed.t1.shape[1:]:
        cause = f"they have shape {made.shape}, the set {len(scans)} volumes of {packed.t1.shape[1:]}"
        raise DataError(
            "Reconstructions do not fit their set.",
            file=path,
            cause=cause,
            fix="delete the file and run again",
        )
    return made
