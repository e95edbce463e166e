"""Anomaly maps of the scored scans by one trained model."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch

from sadm.cohort.packed import Part
from sadm.prediction.maps import Origin, by_origin, file_of, read_reconstructions, write_maps
from sadm.prediction.score import Scoring
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE
from sadm.runtime.progress import Progress
from sadm.training.checkpoint import load_method

Mapper = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


def predict(
    *,
    model: str,
    fold: int,
    seed: int,
    sets: Mapping[str, Part],
    weights: str | Path,
    reconstructor: str | None,
    reconstructions: Iterable[str | Path],
    sigma: float,
    median: int,
    device: str,
    amp: bool,
    out: Mapping[str, str | Path],
) -> None:
    """Write the anomaly maps of each of the ``sets`` by ``model``, as `sadm.prediction.maps` stores them, to ``out`` (files by key of the set).

    ``seed``: number of the training seed, from 1; ``reconstructor``: the model whose ``reconstructions`` (files) it scores
    with, itself or one that it needs, None if neither reconstructs; ``sigma`` and ``median`` are the parameters of the SSIM
    score. Raises DataError for weights or reconstructions that do not fit.
    """
    place = pick_device(device)
    method = load_method(weights, place)
    method.score = Scoring(sigma, median)
    made = by_origin(reconstructions)

    @torch.no_grad()
    def mapped(t1: np.ndarray, brain: np.ndarray, given: np.ndarray | None) -> np.ndarray:
        volume, mask = torch.from_numpy(t1.astype(np.float32)), torch.from_numpy(brain > 0)
        back = None if given is None else torch.from_numpy(given.astype(np.float32)).to(place)
        with autocast(place, amp and method.hyper.amp)():
            found = method.anomaly_map(volume.to(place), mask.to(place), back)
        return found.float().cpu().numpy()

    for key, part in sets.items():
        of = partial(Origin, fold=fold, seed=seed, set=part.set, part=part.part)
        source = None if reconstructor is None else file_of(of(reconstructor), made)
        write_maps(_maps(mapped, part, source), part.data, part.scans, of(model), out[key])


def _maps(mapped: Mapper, part: Part, reconstructions: str | Path | None) -> Iterator[tuple[str, np.ndarray]]:
    """The map of each scan, by name; ``reconstructions``: the file of the scans', if the model reads them."""
    data, progress = part.data, Progress(len(part.scans))
    for done, index in enumerate(part.scans, 1):
        scan, given = data.scans[index], None
        if reconstructions is not None:
            given = read_reconstructions(reconstructions, scan)
            if given.shape[1:] != data.t1.shape[1:]:
                cause = f"{scan} has shape {given.shape[1:]}, its volume {data.t1.shape[1:]}"
                what = "Reconstructions do not fit their set."
                raise DataError(what, file=reconstructions, cause=cause, fix=REMAKE)
        yield scan, mapped(data.t1[index], data.brain[index], given)
        progress(done, lambda: f"maps of {part.set} ({part.part})")
