"""Pseudo-healthy reconstructions of the scored scans: made once a fold, read by all models that score with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sadm.cohort.packed import Part
from sadm.prediction.maps import Origin, write_reconstructions
from sadm.runtime import seeds
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import ProcessingError
from sadm.runtime.progress import Progress
from sadm.training.checkpoint import load_method


def reconstruct(
    *,
    model: str,
    fold: int,
    seed: int,
    sets: Mapping[str, Part],
    weights: str | Path,
    device: str,
    amp: bool,
    training_seed: int,
    scored_with: Mapping[str, Any],
    out: Mapping[str, str | Path],
) -> None:
    """Write the reconstructions of each of the ``sets`` by ``model``, float16 [T, D, X, Y] a scan, not clamped, to ``out`` (files by key of the set).

    ``seed``: number of the training seed, from 1; ``training_seed``: what all draws are made of, each scan's by its own
    name, so that they do not depend on what else is in the set; ``scored_with``: the hyper-parameters that training does not
    read. Raises DataError for unusable weights, ProcessingError if a reconstruction is no number.
    """
    place = pick_device(device)
    method = load_method(weights, place, scored_with=scored_with)

    @torch.no_grad()
    def reconstructions(part: Part) -> Iterator[tuple[str, np.ndarray]]:
        progress = Progress(len(part.scans))
        for done, index in enumerate(part.scans, 1):
            scan = part.data.scans[index]
            draws = seeds.seed(training_seed, "reconstruct", model, fold, part.set, scan)
            volume = torch.from_numpy(part.data.t1[index].astype(np.float32)).to(place)
            with autocast(place, amp and method.hyper.amp)():
                made = method.reconstruct(volume, torch.Generator(place).manual_seed(draws))
            if not made.isfinite().all():
                cause, fix = f"reconstruction of {scan} by {model}", "train the model anew"
                raise ProcessingError("A reconstruction is no number.", file=weights, cause=cause, fix=fix)
            yield scan, made.half().cpu().numpy()
            progress(done, lambda: f"{part.set} ({part.part}) by {model}")

    for key, part in sets.items():
        of = Origin(model, fold, seed, part.set, part.part)
        write_reconstructions(reconstructions(part), part.data, part.scans, method.passes, of, out[key])
