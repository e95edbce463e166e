"""Peak memory of each step of preprocessing on the largest scans that the cohort check accepts, against what the rules ask for.

    PYTHONPATH=src python benchmarks/memory.py FOLDER [SCAN ...]

makes scans below FOLDER of the SRI24 head (the template is fetched once), runs the check and each step in a process of its own,
one after another, and prints a table: scan, step, MB at most, MB that the rule asks for, seconds. docs/benchmarks.md has a run.
"""

import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.runtime.files import load_nifti
from sadm.study.study import Study

ROOT = Path(__file__).parents[1]
# Shape, voxel sizes in mm.
SCANS: dict[str, tuple[tuple[int, int, int], tuple[float, float, float]]] = {
    "usual": ((192, 256, 256), (1.0, 1.0, 1.0)),
    "most voxels": ((404, 404, 404), (0.5, 0.5, 0.5)),
    "thin": ((1000, 1000, 64), (0.2, 0.2, 2.8)),
    "thinnest": ((4000, 90, 90), (0.05, 2.2, 2.2)),
    "largest field": ((400, 400, 400), (1.249, 1.249, 1.249)),
    "coarse": ((49, 49, 49), (10.0, 10.0, 10.0)),
}


def make(folder: Path, name: str) -> Path:
    """The SRI24 head, its centre in the middle of an array of the shape and voxel sizes of ``name``, int16."""
    from sadm.preprocess.space import Grid, sample

    shape, sizes = SCANS[name]
    path = folder / f"{name.replace(' ', '_')}.nii"
    if not path.exists():
        head = load_nifti(folder / "head.nii.gz")
        middle = (head.affine @ [*((np.array(head.shape) - 1) / 2), 1])[:3]
        affine = np.diag([*sizes, 1.0])
        affine[:3, 3] = middle - (np.array(shape) - 1) / 2 * np.array(sizes)
        values = np.round(sample(head, Grid(shape, affine))).astype(np.int16)
        nib.save(nib.Nifti1Image(values, affine), path)
    return path


def steps(folder: Path, t1: Path) -> dict[str, Callable[[], object]]:
    """The steps on the scan ``t1``, in order; each reads what those before it wrote."""
    study = Study.from_config(
        {"name": "memory", "datasets": {"a": {"importer": "folder", "options": {"path": str(folder)}}}}
    )
    head, brain, out = str(folder / "head.nii.gz"), str(folder / "brain.nii.gz"), folder / t1.stem
    out.mkdir(exist_ok=True)
    start, mask, refined, field = (
        str(out / name) for name in ("a.mat", "mask.nii.gz", "b.mat", "field.nii.gz")
    )
    raw, kind, grid = {"t1": "bids::t1"}, {"space": "native", "stripped": False}, study.section("grid")

    def check() -> object:
        from sadm.cohort.sheet import check
        from sadm.data.base import Scan

        return check([Scan("a", "1", "", str(t1), lesion=str(t1.with_suffix(".label.nii")))])

    def register() -> object:
        from sadm.preprocess.register import register

        said = study.settings("registration", "iterations", "retry_below", "refine_retry_below", "seed")
        return register(
            str(t1), head, brain, start, grid=study.settings("grid", "shape", "spacing"), **kind, **said
        )

    def deepbet() -> object:
        from sadm.preprocess.deepbet import stripper
        from sadm.preprocess.space import Grid
        from sadm.preprocess.strip import strip_one

        return strip_one(stripper(1), str(t1), start, Grid.of(load_nifti(brain)), Path(mask))

    def by_content() -> object:
        from sadm.preprocess.brain import brain as step

        return step(str(t1), start, brain, "", str(out / "content.nii.gz"), method="none", raw=raw)

    def refine() -> object:
        from sadm.preprocess.refine import refine

        said = study.settings("registration", "refine_iterations", "refine_retry_below", "seed")
        return refine(str(t1), mask, start, brain, refined, space="native", **said)

    def bias() -> object:
        from sadm.preprocess.bias import bias

        said = study.section("bias") | {"grid": study.settings("grid", "shape", "spacing")}
        return bias(str(t1), mask, start, refined, brain, field, space="native", **said)

    def gridded() -> object:
        from sadm.preprocess.grid import grid as step

        names = ("t1", "brain", "lesion", "qc", "picture")
        ends = (".nii.gz", ".nii.gz", ".nii.gz", ".json", ".png")
        outputs = {name: str(out / f"{name}{end}") for name, end in zip(names, ends, strict=True)}
        label = str(t1.with_suffix(".label.nii"))
        about = {
            "dataset": "a",
            "scan": "sub-1",
            "space": "native",
            "grid": grid,
            "limits": study.limits("a"),
            "raw": raw | {"lesion": "bids::l"},
        }
        return step(str(t1), mask, start, refined, field, label, brain, outputs, **about)

    return {"cohort": check, "register": register, "brain": deepbet, "brain (none)": by_content, "refine": refine, "bias": bias, "grid": gridded}  # fmt: skip


def measured(step: Callable[[], object]) -> tuple[float, float, str]:
    """MB at most, and seconds, of ``step`` in a process of its own; and how it ended."""
    read, write = os.pipe()
    start = time.monotonic()
    if not (child := os.fork()):
        ended = "done"
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            step()
        except BaseException as error:
            ended = f"{type(error).__name__}: {error}".partition("\n")[0]
        os.write(write, ended.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        ended = stream.read()
    usage = os.wait4(child, 0)[2]
    return usage.ru_maxrss / 1024, time.monotonic() - start, ended or "killed"


def asked(step: str) -> int:
    """MB that the rule of a step asks for at the first attempt."""
    rule = step.partition(" ")[0]
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    return int(re.search(rf"^rule {rule}:.*?mem_mb=grown\((\d+)\)", rules, re.MULTILINE | re.DOTALL)[1])


def label(t1: Path) -> None:
    """A lesion of 2 cm in the middle of ``t1``."""
    path = t1.with_suffix(".label.nii")
    if not path.exists():
        image = nib.load(t1)
        sizes = np.linalg.norm(image.affine[:3, :3], axis=0)
        values = np.zeros(image.shape, np.uint8)
        values[
            tuple(
                slice(int(n / 2 - 10 / s), int(n / 2 + 10 / s) + 1)
                for n, s in zip(image.shape, sizes, strict=True)
            )
        ] = 1
        nib.save(nib.Nifti1Image(values, image.affine), path)


def main(folder: Path, *names: str) -> None:
    """Print the table."""
    from sadm.preprocess.template import template

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "head.nii.gz").exists():
        template(str(folder / "head.nii.gz"), str(folder / "brain.nii.gz"))
    print(
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of this process are in each number\n"
    )
    print("| scan | step | MB | asked for | s | ended |\n|---|---|---|---|---|---|")
    for name in names or SCANS:
        t1 = make(folder, name)
        label(t1)
        for step, run in steps(folder, t1).items():
            size, seconds, ended = measured(run)
            print(
                f"| {name} | {step} | {size:.0f} | {asked(step)} | {seconds:.0f} | {ended[:80]} |", flush=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
