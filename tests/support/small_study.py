"""A small study on disk, made by the test in the form that the workflow leaves."""

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from sadm.cohort.packed import load_packed
from sadm.evaluation.metrics import auprc, best_dice, curve
from sadm.prediction.maps import Origin, read_maps, write_maps, write_reconstructions

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (3, 6, 16, 14)
ROWS = {"cDDPM": ["cddpm"], "SADM-LES": ["cddpm", "unet-les"], "random": ["random"]}
TITLES = {"ixi": "IXI", "les": "Les <b>", "draem": "DRAEM"}
SOURCES = {"les": "les", "draem": "ixi"}
HEAD = "row\tfold\tseed\ttestset\tscan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\n"


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
    lines = [f"{folder.name}\ts{k}\t{k}\t0.9{k}\n" for k in range(3)]
    text(folder / "scans.tsv", "dataset\tscan\tindex\toverlap\n" + "".join(lines))
    text(folder / "excluded.tsv", f"dataset\tscan\treasons\n{folder.name}\ts9\tthe brain is <small>\n")


def split(folder: Path, name: str, folds: int) -> Path:
    """Splits of a data set whose scans are all tested in each fold."""
    lines = [f"{name}\ts{k}\tp{k}\t{fold}\ttest\n" for fold in range(folds) for k in range(3)]
    return text(folder / f"splits/{name}.tsv", "dataset\tscan\tsubject\tfold\tset\n" + "".join(lines))


def make(folder: Path, folds: int = 2) -> tuple[dict[str, Any], Files]:
    """What the rules hand on: about, and the files."""
    draw, testsets = np.random.default_rng(0), ("les", "draem")
    for name in ("ixi", *testsets):
        packed(folder / name, draw)
    data, scans = {name: load_packed(folder / name) for name in testsets}, np.arange(3)
    maps, scores, made = {}, {}, []
    for testset, model, fold in product(testsets, ("cddpm", "unet-les", "random"), range(folds)):
        path = maps[testset, model, fold] = folder / f"maps/{model}/fold{fold}/{testset}.safetensors"
        drawn = [(f"s{k}", draw.random(SHAPE[1:])) for k in scans]
        write_maps(drawn, data[testset], scans, Origin(model, fold, 1, testset, "test"), path)
    for testset, (row, models), fold in product(testsets, ROWS.items(), range(folds)):
        stored = [read_maps(maps[testset, model, fold], data[testset], scans) for model in models]
        content = HEAD
        for k in scans:
            volume, brain = np.zeros(SHAPE[1:], np.float32), data[testset].brain[k] > 0
            volume[brain] = sum(each[k].astype(np.float32) for each in stored)
            found = measured(volume, data[testset].lesion[k] > 0)
            content += "\t".join(map(str, (row, fold, 1, testset, f"s{k}", *found))) + "\n"
        scores[testset, row, fold] = text(folder / f"scores/{row}/fold{fold}/{testset}.tsv", content)
    for testset in testsets:
        made.append(folder / f"reconstructions/cddpm/fold0/{testset}.safetensors")
        drawn = [(f"s{k}", draw.random((2, *SHAPE[1:]))) for k in scans]
        of = Origin("cddpm", 0, 1, testset, "test")
        write_reconstructions(drawn, data[testset], scans, 2, of, made[-1])
    about = {
        "titles": {t: TITLES[t] for t in testsets}, "rows": ROWS, "sources": {"cDDPM": ["cddpm"], "SADM-LES": ["cddpm"]},
        "reconstructors": ["cddpm"], "shown": {"les": "SADM-LES", "draem": "cDDPM"}, "beta": 0.5,
    }  # fmt: skip
    files = Files(
        packed=[folder / t / "t1.npy" for t in testsets], splits=[split(folder, SOURCES[t], folds) for t in testsets],
        scores=list(scores.values()), maps=list(maps.values()), reconstructions=made,
    )  # fmt: skip
    return about, files
