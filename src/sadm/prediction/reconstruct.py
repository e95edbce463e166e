"""Pseudo-healthy reconstructions of the scored scans: made once a fold, read by all models that score with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sadm.cohort.packed import load_packed, members
from sadm.runtime import seeds
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import write_stack
from sadm.runtime.progress import Progress
from sadm.training.checkpoint import load_method


@torch.no_grad()
def reconstruct(
    *,
    model: str,
    fold: int,
    name: str,
    part: str,
    weights: str | Path,
    packed: str | Path,
    splits: str | Path,
    device: str,
    amp: bool,
    seed: int,
    scored_with: Mapping[str, Any],
    out: str | Path,
) -> None:
    """Write the reconstructions of the N scans in ``part`` ("val", "test") of the set ``name`` by ``model``: float16 [N, T, D, X, Y], not clamped.

    ``weights`` of the model in ``fold``; ``packed`` the folder of the set and ``splits`` the split of its scans;
    ``seed`` the study's: each scan has draws of its own, whatever else is in the set; ``scored_with`` the hyper-parameters
    that training does not read. Raises DataError for unusable weights, ProcessingError if a reconstruction is no number.
    """
    place = pick_device(device)
    method = load_method(weights, place, scored_with=scored_with)
    volumes, precision = load_packed(packed), autocast(place, amp)
    scans = members(volumes, splits, fold, part)
    shape = (len(scans), method.passes, *volumes.t1.shape[1:])
    progress = Progress(len(scans))

    def reconstructions() -> Iterator[np.ndarray]:
        for row, index in enumerate(scans):
            own = seeds.seed(seed, "reconstruct", model, fold, name, volumes.scans[index])
            volume = torch.from_numpy(volumes.t1[index].astype(np.float32)).to(place)
            with precision():
                made = method.reconstruct(volume, torch.Generator(place).manual_seed(own))
            if not made.isfinite().all():
                cause = f"reconstruction of {volumes.scans[index]} by {model}"
                raise ProcessingError(
                    "A reconstruction is no number.", file=weights, cause=cause, fix="train the model anew"
                )
            yield made.half().cpu().numpy()
            progress(row + 1, lambda: f"{name} ({part}) by {model}")

    write_stack(reconstructions(), shape, np.float16, out)
