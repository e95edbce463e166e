"""The preprocessing of one head, a function a step, with the paper study's settings: for the benchmarks beside this file.

Each step takes the T1's path and a function that gives the path of a file of the chain by its name.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
for variable in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[variable] = "1"

from sadm.study import keys  # noqa: E402

At = Callable[[str], str]
GRID = asdict(keys.Grid())
PLACE = {key: GRID[key] for key in ("shape", "spacing")}
REGISTRATION = asdict(keys.Registration())
BIAS = asdict(keys.Bias())
RAW = {"t1": "bids:raw:t1.nii.gz"}  # what sidecars name


@dataclass(frozen=True)
class How:
    """How a scan comes, and what gives its brain mask."""

    space: str = "native"
    stripped: bool = False
    method: str = "deepbet"

    @property
    def kind(self) -> dict[str, Any]:
        """As the steps take it."""
        return {"space": self.space, "stripped": self.stripped}

    @property
    def limits(self) -> dict[str, Any]:
        """The checks' limits, as `sadm.study.study.Study.limits` chooses them."""
        said = asdict(keys.Quality())
        given = {} if self.kind == HEAD.kind else said
        return {name: given.get(f"given_{name}", limit) for name, limit in said.items()}


HEAD = How()


def some(*names: str) -> dict[str, Any]:
    """Entries of the config section ``registration``."""
    return {name: REGISTRATION[name] for name in (*names, "seed")}


def register(t1: str, at: At, how: How = HEAD) -> None:
    """Head to head."""
    from sadm.preprocess.register import register

    files = (t1, at("head.nii.gz"), at("brain.nii.gz"), at("start.mat"))
    register(*files, grid=PLACE, **how.kind, **some("iterations", "retry_below", "refine_retry_below"))


def brain(t1: str, at: At, how: How = HEAD) -> None:
    """deepbet on the SRI24 grid."""
    from sadm.preprocess.brain import brain
    from sadm.preprocess.deepbet import stripper
    from sadm.preprocess.space import Grid
    from sadm.preprocess.strip import strip_one
    from sadm.runtime.files import load_nifti

    if how.method == "deepbet":
        grid = Grid.of(load_nifti(at("brain.nii.gz")))
        strip_one(stripper(1), t1, at("start.mat"), grid, Path(at("mask.nii.gz")))
    else:
        files = (t1, at("start.mat"), at("brain.nii.gz"), "", at("mask.nii.gz"))
        brain(*files, method=how.method, raw=RAW)


def refine(t1: str, at: At, how: How = HEAD) -> None:
    """Brain to brain."""
    from sadm.preprocess.refine import refine

    files = (t1, at("mask.nii.gz"), at("start.mat"), at("brain.nii.gz"), at("refined.mat"))
    refine(*files, space=how.space, **some("refine_iterations", "refine_retry_below"))


def bias(t1: str, at: At, how: How = HEAD) -> None:
    """N4 at 4 mm, stored coarse."""
    from sadm.preprocess.bias import bias

    names = ("mask.nii.gz", "start.mat", "refined.mat", "brain.nii.gz", "field.nii.gz")
    bias(t1, *map(at, names), space=how.space, grid=PLACE, **BIAS)


def grid(t1: str, at: At, how: How = HEAD, lesion: str = "") -> None:
    """One interpolation; check and picture."""
    from sadm.preprocess.grid import grid

    outputs = {name: at(f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")}
    outputs |= {"qc": at("qc.json"), "picture": at("qc.png")}
    names = ("mask.nii.gz", "start.mat", "refined.mat", "field.nii.gz")
    files = (t1, *map(at, names), lesion, at("brain.nii.gz"))
    whose = {"dataset": "benchmark", "scan": Path(t1).name, "raw": RAW}
    grid(*files, outputs, **whose, space=how.space, grid=GRID, limits=how.limits)


VALUES = ("brain_ml", "overlap", "coverage", "nmi", "correlation", "outside", "stretch", "rotation")
STEPS = {"register": register, "brain": brain, "refine": refine, "bias": bias, "grid": grid}


def template(folder: Path, source: str | None = None) -> Path:
    """``folder`` with head.nii.gz and brain.nii.gz of SRI24, from the folder ``source`` or fetched."""
    from sadm.preprocess.template import template

    folder.mkdir(parents=True, exist_ok=True)
    template(str(folder / "head.nii.gz"), str(folder / "brain.nii.gz"), source)
    return folder


def run(
    t1: str, folder: Path, templates: Path, lesion: str = "", begin: str = "register", how: How = HEAD
) -> dict[str, Any]:
    """The steps on ``t1``, which comes as ``how`` says, from ``begin`` on, in this process, files in ``folder``.

    Returns what qc.json tells, and ``cpu_s`` of each step.
    """
    folder.mkdir(parents=True, exist_ok=True)
    at = lambda name: str((templates if name in ("head.nii.gz", "brain.nii.gz") else folder) / name)  # noqa: E731
    seconds = {}
    for name, step in list(STEPS.items())[list(STEPS).index(begin) :]:
        before = time.process_time()
        step(t1, at, how, lesion) if name == "grid" else step(t1, at, how)
        seconds[name] = round(time.process_time() - before, 2)
    return json.loads((folder / "qc.json").read_text()) | {"cpu_s": seconds}
