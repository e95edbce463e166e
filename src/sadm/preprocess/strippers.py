"""The tools that strip many heads after one start, behind one face: deepbet, HD-BET 1, HD-BET 2."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sadm.runtime.errors import ProcessingError
from sadm.runtime.gpus import own_gpu

Strip = Callable[
    [np.ndarray, np.ndarray], np.ndarray
]  # head [X, Y, Z] and its affine to RAS+ mm: mask, bool [X, Y, Z]


@dataclass(frozen=True)
class Stripper:
    """A tool: its ``name``; ``made_of``, files and texts that decide its masks; ``load``, which takes seconds and gives its `Strip`.

    ``parameters``: the place of those that the user is asked to see to, None where they come with the tool.
    """

    name: str
    made_of: tuple[str | Path, ...]
    load: Callable[[], Strip]
    parameters: Path | None = None


def choose(method: str, weights: str, settings: Mapping[str, Any], device: str, threads: int) -> Stripper:
    """The tool for ``method`` "deepbet" or "hd-bet".

    ``weights``: the converted ones of HD-BET 1, "" for the others. ``settings``: of HD-BET 1 ``models``, how many of its
    networks, and ``tta``, whether the mean is over mirrorings, too; of HD-BET 2 ``tta`` and ``hdbet_parameters``, its folder.
    ``device``: "auto", "cpu" or "cuda", for HD-BET. Raises MissingWeightsError.
    """
    if method == "deepbet":
        return deepbet(threads)
    if weights:
        return hdbet_1(Path(weights), settings["models"], settings["tta"], device, threads)
    return hdbet_2(settings["hdbet_parameters"], settings["tta"], device, threads)


def deepbet(threads: int) -> Stripper:
    """deepbet."""

    def load() -> Strip:
        from sadm.preprocess.deepbet import stripper

        return stripper(threads)

    return Stripper("deepbet", ("deepbet", version("deepbet")), load)


def hdbet_1(weights: Path, models: int, tta: bool, device: str, threads: int) -> Stripper:
    """HD-BET 1 with its published ``weights``, as `sadm.preprocess.hdbet1_weights.convert` wrote them."""

    def load() -> Strip:
        from sadm.preprocess import hdbet1, hdbet1_weights

        return hdbet1.stripper(hdbet1_weights.load(weights, models), tta, choose_device(device), threads)

    return Stripper("HD-BET", (weights, f"{models} networks, mirrored: {tta}"), load, weights)


def hdbet_2(folder: str | None, tta: bool, device: str, threads: int) -> Stripper:
    """HD-BET 2 with the parameters in ``folder``, or where its command puts them."""
    from sadm.preprocess import hdbet2

    parameters = hdbet2.find_parameters(folder)
    made_of: tuple[str | Path, ...] = (*(parameters / name for name in hdbet2.FILES), str(tta))
    return Stripper(
        "HD-BET",
        made_of,
        lambda: hdbet2.stripper(parameters, choose_device(device), tta, threads),
        parameters,
    )


def choose_device(device: str) -> str:
    """The job's own GPU, as "cuda:1", or "cpu" for ``device`` "auto", "cuda" or "cpu". Raises ProcessingError where there is no GPU."""
    import torch

    available = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise ProcessingError(
            "HD-BET cannot run on a GPU.", cause="torch sees none", fix="set brain.device to auto or cpu"
        )
    return f"cuda:{own_gpu()}" if available and device != "cpu" else "cpu"
