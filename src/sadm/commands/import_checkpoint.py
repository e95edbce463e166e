"""The authors' trained checkpoints as weights of this project.

    sadm import-checkpoint CHECKPOINT --to results/models [--trained-on draem]

A checkpoint of stage I holds a cDDPM, one of SADM the cDDPM that it was trained upon and the segmentation U-Net. Every tensor
of the file is used and every tensor of ours filled, name by name and shape by shape; the diffusion schedule must be ours.
The batch-norm statistics of the encoder in a SADM checkpoint have drifted from stage I's, whose networks
the released code left in training mode:
they are kept, because the released test used them. Sizes: the methods' defaults under the study's `hyper`.

The authors' volumes lie LPS in memory (X to the left, Y to the back), which becomes the weights' ``frame``.
"""

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sadm.commands import lightning
from sadm.commands.released_names import PREFIXES, bare, by_method, refuse, theirs, unwrapped
from sadm.methods.base import BaseMethod, build
from sadm.networks.diffusion import Diffusion
from sadm.networks.frame import FLIPPED, check
from sadm.runtime.errors import ConfigError, DataError
from sadm.runtime.files import atomic
from sadm.study import registry
from sadm.study.loader import ROOT, laid, read
from sadm.training import checkpoint
from sadm.training.train import curve_text, described
from sadm.training.valid_weights import as_real, check_hyper, misfits

SHAPE = (96, 96)  # in-plane size that the released networks were trained at
STUDY = ROOT / "studies" / "released.yaml"
SCHEDULE = "diffusion."
FRAME = "LPS"  # of the authors' volumes as their code reads them: memory order, written as ITK's RAI
CLOSE = 1e-6  # largest relative difference of a schedule


def convert(
    path: str | Path,
    to: str | Path,
    hyper: Mapping[str, Mapping[str, Any]],
    *,
    trained_on: str | None = None,
    fold: int = 0,
    frame: str = FRAME,
    force: bool = False,
) -> list[Path]:
    """Convert the Lightning checkpoint at ``path``; the weights files written below ``to``, in the order of training.

    They lie where the rule `train` puts them, each with a curve without lines. ``hyper`` holds hyper-parameters by method
    that differ from its own; ``trained_on`` the training set of the segmentation U-Net, to be given if the file has one;
    ``frame`` where the axes of the slices lead that it was trained on (`sadm.networks.frame`). Words that are taken off the
    names are told on stderr.
    Raises DataError if a tensor is missing, unexpected, of another shape or not finite, if two have one name without those
    words, or if the schedule is another one; ConfigError if ``trained_on`` or ``frame`` does not fit, or, without ``force``, if a
    file exists. Nothing is written then.
    """
    check(frame)
    tensors = lightning.read(path)
    segments = any(bare(name).startswith(tuple(PREFIXES["unet_res"])) for name in tensors)
    if segments != (trained_on is not None):
        cause = f"the file has {'a' if segments else 'no'} segmentation U-Net"
        fix = "give --trained-on for a checkpoint of SADM, and only for one"
        raise ConfigError("The training set does not fit the checkpoint.", cause=f"{path}: {cause}", fix=fix)
    if trained_on is not None and not re.fullmatch(r"[a-z][a-z0-9_]*", trained_on):
        raise ConfigError(
            f"--trained-on: {trained_on!r} is no name of a data set", fix="draem, brats, atlas ..."
        )
    models = {"cddpm": "cddpm"} | ({f"unet_res-{trained_on}": "unet_res"} if segments else {})
    files = {model: Path(to, model, f"fold{fold}", "weights.safetensors") for model in models}
    if not force:
        _check_free([file for each in files.values() for file in (each, each.with_name("curve.csv"))])
    nets = {model: _net(model, method, hyper, frame) for model, method in models.items()}
    wanted = [theirs(method, name) for model, method in models.items() for name in nets[model].state_dict()]
    released = by_method(unwrapped(tensors, wanted, path), models.values(), path)
    fitted = {model: _fitted(nets[model], method, released[method], path) for model, method in models.items()}
    with (
        ExitStack() as whole
    ):  # the files take their names when all are written: none does where the disk is full
        for model, (ours, networks) in fitted.items():
            run, file = {"model": model, "fold": fold, "seed": 1}, files[model]
            curve = whole.enter_context(atomic(file.with_name("curve.csv")))
            curve.write_text(curve_text(run, []), encoding="utf-8")
            checkpoint.write(ours, run | networks, whole.enter_context(atomic(file)))
    return list(files.values())


def _check_free(files: Iterable[Path]) -> None:
    if taken := [str(file) for file in files if file.exists()]:
        raise ConfigError(
            "Weights exist and are not overwritten.",
            cause=", ".join(taken),
            fix="give another folder by --to (each SADM checkpoint brings its own cDDPM), or --force",
        )


def _net(model: str, method: str, hyper: Mapping[str, Mapping[str, Any]], frame: str) -> BaseMethod:
    """The networks of ``model``, on no device."""
    said = _hyper(model, method, hyper)
    try:
        check_hyper(method, said, SHAPE)
    except ValueError as error:
        raise ConfigError(
            f"--study: hyper.{method} is not possible", cause=str(error), fix="mend it"
        ) from None
    with torch.device("meta"):
        return build(method, said, SHAPE, frame=frame)


def _fitted(
    net: BaseMethod, method: str, released: dict[str, Tensor], path: str | Path
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights of ``net``, and what training writes of its networks. Raises DataError for what does not fit."""
    ours = net.state_dict()
    fitted = {
        name: as_real(tensor, ours[name].dtype) if name in ours else tensor
        for name, tensor in released.items()
    }
    for what, names in misfits(fitted, ours):
        refuse(what, [theirs(method, name) for name in names], path)
    _check_schedule(net, released, path)
    return {name: fitted[name] for name in ours}, described(net, method)


def _hyper(model: str, method: str, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Hyper-parameters of a released model, as a study has them; none is pre-trained any more."""
    own = registry.declared("methods", method)[1]
    said = own | dict(given.get(method, {})) | dict(given.get(model.replace("-", "@", 1), {}))
    return said | {key: False for key in ("pretrained",) if key in own}


def _check_schedule(net: BaseMethod, released: Mapping[str, Tensor], path: str | Path) -> None:
    """Raise DataError if the file's diffusion schedule is not the one that ``net``, on no device, would have."""
    if not hasattr(net, "diffusion"):
        return
    for name, wanted in Diffusion(net.hyper.timesteps).state_dict(prefix=SCHEDULE).items():
        found = released[name].to(wanted.dtype)
        if not torch.allclose(found, wanted, rtol=CLOSE, atol=CLOSE):
            worst = float((found - wanted).abs().max())
            raise DataError(
                "A checkpoint was trained with another diffusion schedule.",
                file=path,
                cause=f"{name} differs by up to {worst:.3g}",
                fix="use a checkpoint of the released code, with its cosine schedule",
            )


def main(arguments: Sequence[str]) -> None:
    """The command; see the module."""
    parser = argparse.ArgumentParser(
        "sadm import-checkpoint", description="Convert a released checkpoint into weights."
    )
    parser.add_argument("checkpoint", help="Lightning checkpoint (.ckpt) of the released cDDPM or SADM")
    parser.add_argument("--to", default="results/models", help="folder of the models (%(default)s)")
    parser.add_argument("--fold", type=int, default=0, help="fold that it stands for (%(default)s)")
    parser.add_argument(
        "--trained-on",
        metavar="DATASET",
        help="for a checkpoint of SADM: draem, or the study's name of the data set",
    )
    parser.add_argument("--study", nargs="+", default=[STUDY], help="studies whose `hyper` holds the sizes; later ones win (studies/released.yaml)")  # fmt: skip
    parser.add_argument(
        "--frame",
        choices=FLIPPED,
        default=FRAME,
        help="where X, Y and the slices lead in the volumes it was trained on (%(default)s: the authors')",
    )
    parser.add_argument("--force", action="store_true", help="overwrite weights that exist")
    given = parser.parse_args(arguments)
    files = convert(
        given.checkpoint,
        given.to,
        hyper_of(given.study),
        trained_on=given.trained_on,
        fold=given.fold,
        frame=given.frame,
        force=given.force,
    )
    for file in files:
        print(f"{given.checkpoint} -> {file} ({file.stat().st_size / 1e6:.0f} MB)")
    print("All tensors of the checkpoint were used, all of ours filled; the diffusion schedule is ours.")


def hyper_of(studies: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """The sections `hyper` of study files, later ones over earlier ones. Raises ConfigError for what is none."""
    found: dict[str, Any] = {}
    for path in studies:
        found = laid(found, read(path))
    hyper = found.get("hyper", {})
    if not isinstance(hyper, dict) or not all(isinstance(values, dict) for values in hyper.values()):
        raise ConfigError("--study: hyper is not possible", fix="give each method its hyper-parameters")
    return hyper
