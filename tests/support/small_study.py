"""A small study on disk, made by the test in the form that the workflow leaves."""

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from sadm.evaluation.metrics import auprc, best_dice, curve

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (3, 6, 16, 14)
ROWS = {"cDDPM": ["cddpm"], "SADM-LES": ["cddpm", "unet-les"], "random": ["random"]}
TITLES = {"ixi": "IXI", "les": "Les <b>", "draem": "DRAEM"}
HEAD = "scan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\n"


class Files(SimpleNamespace):
    """Stands for ``snakemake.input``."""

    def get(self, name: str, default: Any) -> Any:
        """The files of a name, if there are any."""
        return getattr(self, name, default)


def measured(
    score: np.ndarray, label: np.ndarray, outside: tuple[int, int] = (0, 0)
) -> tuple[float, float, float, int, int]:
    """Best Dice, AUPRC, threshold, lesion voxels and empty, as a table of scores has them."""
    if not (lesion := int(np.count_nonzero(label)) + outside[1]):
        return np.nan, np.nan, np.nan, 0, 1
    points = curve(score, label, outside)
    dice, threshold = best_dice(points)
    return dice, auprc(points), threshold, lesion, 0


def text(path: Path, content: str) -> Path:
    """Write a file and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def packed(folder: Path, draw: np.random.Generator) -> None:
    """A packed data set of three scans."""
    folder.mkdir(parents=True)
    brain = draw.random(SHAPE) < 0.7
    arrays = {"t1": draw.random(SHAPE) * brain, "brain": brain, "lesion": draw.random(SHAPE) < 0.2}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array.astype(np.float16 if name == "t1" else np.uint8))
    text(folder / "scans.tsv", "scan\tindex\toverlap\n" + "".join(f"s{k}\t{k}\t0.9{k}\n" for k in range(3)))
    text(folder / "excluded.tsv", "scan\treasons\ns9\tthe brain is <small>\n")


def make(folder: Path, folds: int = 2) -> tuple[dict[str, Any], Files]:
    """What the rules hand on: about, and the files."""
    draw, testsets = np.random.default_rng(0), ("les", "draem")
    for name in ("ixi", *testsets):
        packed(folder / name, draw)
    lines = [f"s{k}\tp{k}\t{fold}\ttest\n" for fold in range(folds) for k in range(3)]
    split = text(folder / "splits.tsv", "scan\tsubject\tfold\tset\n" + "".join(lines))
    maps, scores = {}, {}
    for testset, model, fold in product(testsets, ("cddpm", "unet-les", "random"), range(folds)):
        path = maps[testset, model, fold] = folder / f"maps/{model}/{fold}/{testset}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, draw.random(np.load(folder / testset / "brain.npy").sum()).astype(np.float16))
    for testset, (row, models), fold in product(testsets, ROWS.items(), range(folds)):
        brain, lesion = (np.load(folder / testset / f"{n}.npy") > 0 for n in ("brain", "lesion"))
        stored = [np.load(maps[testset, m, fold]).astype(np.float32) for m in models]
        volume, content = np.zeros(SHAPE, np.float32), HEAD
        volume[brain] = sum(stored)
        for k in range(3):
            found = measured(volume[k], lesion[k])
            content += "\t".join(map(str, (f"s{k}", *found))) + "\n"
        scores[testset, row, fold] = text(folder / f"scores/{row}/{fold}/{testset}.tsv", content)
    made = []
    for testset in testsets:
        made.append(folder / f"made_{testset}.npy")
        np.save(made[-1], draw.random((3, 2, *SHAPE[1:])).astype(np.float16))
    about = {
        "titles": {t: TITLES[t] for t in testsets}, "rows": ROWS, "sources": {"cDDPM": ["cddpm"], "SADM-LES": ["cddpm"]},
        "reconstructors": ["cddpm"], "shown": {"les": "SADM-LES", "draem": "cDDPM"}, "beta": 0.5,
    }  # fmt: skip
    files = Files(
        packed=[folder / t / "t1.npy" for t in testsets], splits=[split] * 2, scores=list(scores.values()),
        maps=list(maps.values()), reconstructions=made,
    )  # fmt: skip
    return about, files
