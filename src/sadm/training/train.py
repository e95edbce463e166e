"""The training of one model in one fold: from packed volumes to weights and a curve."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sadm.anomalies.draem import Draem
from sadm.cohort.packed import load_packed, members
from sadm.methods.base import BaseMethod, Batch, build
from sadm.runtime import seeds
from sadm.runtime.devices import autocast, pick_device
from sadm.runtime.files import digest, write_text
from sadm.training import checkpoint
from sadm.training.augment import Augment
from sadm.training.batches import Bank, Slices, Store
from sadm.training.trainer import CURVE, Trainer


def train(
    *,
    model: str,
    method: str,
    fold: int,
    packed: str | Path,
    splits: str | Path,
    needs: Sequence[str | Path],
    hyper: Mapping[str, Any],
    draem: Mapping[str, Any] | None,
    spacing: float,
    settings: Mapping[str, Any],
    device: str,
    checkpoint_every: int,
    number: int,
    seed: int,
    code: str,
    weights: str | Path,
    curve: str | Path,
    imagenet: str | Path | None = None,
) -> None:
    """Train ``model``, of ``method``, in ``fold``; write its ``weights`` and its ``curve`` (epoch, step, losses, lr); both name the run.

    ``packed`` is the folder of the training scans and ``splits`` says which train and which validate; ``needs`` are the
    weights of the methods needed, of the same fold; ``draem`` the config section for a model that trains on painted anomalies, else
    None; ``spacing`` the voxel size in mm; ``settings`` what counts of the config section `training`, ``device`` and
    ``checkpoint_every`` what does not; ``number`` which of the study's seeds it is, from 1, and ``seed`` what draws are made from; ``code`` the fingerprint of the code; ``imagenet`` the ImageNet
    weights of the method's feature extractor, None if it has none, or random ones, which stderr then says. States beside the
    weights let a killed training go on to the same bytes (on the CPU); SIGTERM saves one and ends the process. Raises SplitError for an empty part, DataError for unusable inputs, ProcessingError if the loss is no number.
    """
    place = pick_device(device)

    def draws(part: str) -> torch.Generator:
        return torch.Generator(place).manual_seed(seeds.seed(seed, part, model, fold))

    volumes, where = load_packed(packed), f"fold {fold} for {model}"
    stores = [
        Store.read(volumes, members(volumes, splits, fold, part), place, f"{part} part of {where}")
        for part in ("train", "val")
    ]
    frozen = checkpoint.load_needs(needs, place)
    own = seeds.seed(seed, "init", model, fold)
    net = build(method, hyper, stores[0].slice_shape, frozen, own)
    if imagenet:
        net.adopt(checkpoint.load(imagenet)[0])
    elif net.declares.imagenet:
        print(f"{model}: random features, no ImageNet weights (imagenet.weights)", file=sys.stderr)
    net = net.placed(place)
    precision = autocast(place, settings["amp"] and net.hyper.amp)
    theirs = autocast(place, settings["amp"] and all(need.hyper.amp for need in net.needs.values()))
    source, validation = (slices_of(net, store, draem, spacing, theirs) for store in stores)
    trainer = Trainer(
        net,
        Bank(source, net.hyper.bank, draws("bank")) if net.hyper.bank else source,
        fixed(validation, settings["validation_slices"], draws("validation slices")),
        settings,
        precision,
        draws("train"),
        seeds.seed(seed, "validation loss", model, fold),
    )
    run = {"model": model, "fold": fold, "seed": number}
    about = run | described(net, method)
    inputs = [store.digest() for store in stores] + [digest(path) for path in [*needs, imagenet] if path]
    job = {"draws": seed, "code": code, "device": place.type, "inputs": inputs}
    identity = checkpoint.identity(**about, **job, draem=draem, spacing=spacing, settings=settings)
    states = checkpoint.States(Path(weights).parent, identity)
    trainer.fit(states, checkpoint_every)
    write_curve(run, trainer.curve, curve)
    checkpoint.save(trainer.best, about, weights)
    states.clear()


def fixed(validation: Slices, slices: int, draws: torch.Generator) -> list[Batch]:
    """What each validation looks at: ``slices`` random slices of each healthy volume, but all slices of the few annotated ones,
    most of which have no lesion in a given slice."""
    if validation.annotated:
        return list(validation.every(draws))
    return list(replace(validation, slices=slices, drop_last=False).epoch(draws))


def described(net: BaseMethod, method: str) -> dict[str, Any]:
    """What a weights file says of its networks: ``method``, the hyper-parameters that training read, the slice's size and frame."""
    apart = net.declares.scored_with
    hyper = {key: value for key, value in asdict(net.hyper).items() if key not in apart}
    return {"method": method, "hyper": hyper, "shape": list(net.shape), "frame": net.frame}


def write_curve(run: Mapping[str, Any], curve: Iterable[Sequence[float]], path: str | Path) -> None:
    """Write the ``curve`` of a training as csv: model, fold and seed of the ``run``, then `trainer.CURVE`."""
    write_text(curve_text(run, curve), path)


def curve_text(run: Mapping[str, Any], curve: Iterable[Sequence[float]]) -> str:
    """What `write_curve` writes."""
    lines = [[*run, *CURVE], *([*run.values(), *each] for each in curve)]
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def slices_of(
    net: BaseMethod,
    store: Store,
    draem: Mapping[str, Any] | None,
    spacing: float,
    precision: Callable[[], AbstractContextManager[Any]],
) -> Slices:
    """Training batches of ``store`` for ``net``, with its hyper-parameters' augmentation; with labels if it trains on them.

    ``precision``: that of the methods it needs. The labels are painted if ``draem`` holds the recipe. Healthy volumes fill whole batches only, annotated ones, which
    are few, any.
    """
    hyper, labelled = net.hyper, net.declares.trains_on == "labels"

    @torch.no_grad()
    def context(batch: Batch) -> Tensor | None:
        with precision():
            found = net.context(batch)
        return None if found is None else found.float()

    augment = Augment(
        store.t1.shape[1:],
        spacing,
        gamma=hyper.augment_gamma,
        bias_field=hyper.augment_bias,
        blur=hyper.augment_blur,
        ghosting=hyper.augment_ghosting,
    )
    painted = Draem(store.slice_shape, **draem) if draem else None
    healthy = not labelled or painted is not None
    return Slices(
        store,
        hyper.batch,
        hyper.slices,
        augment,
        context,
        painted,
        labelled,
        drop_last=healthy,
        pairs=net.declares.pairs,
    )
