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
LAYOUT: dict[str, Any] = {
    "rows": {"cDDPM": ["ixi"], "SADM-LES": ["ixi", "les"]}, "trivial": ["random"], "testsets": list(SOURCES), "folds": 2,
    "healthy": "ixi", "titles": TITLES, "marks": {},
}  # fmt: skip
HEAD = "row\tfold\tseed\ttestset\tscan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\thealthy\tlesion_ml\n"
ML = 0.064  # of a voxel


class Files(SimpleNamespace):
    """Stands for ``snakemake.input``."""

    def get(self, name: str, default: Any) -> Any:
        """The files of a name, if there are any."""
        return getattr(self, name, default)


def measured(
    score: np.ndarray, label: np.ndarray, outside: tuple[int, int] = (0, 0)
) -> tuple[float, float, float, int, int, int]:
    """Best Dice, AUPRC, threshold, lesion voxels, empty and healthy, as a table of scores has them."""
    if not (lesion := int(np.count_nonzero(label)) + outside[1]):
        return np.nan, np.nan, np.nan, 0, 1, 0
    points = curve(score, label, outside)
    dice, threshold = best_dice(points)
    return dice, auprc(points), threshold, lesion, 0, 0


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
    name, scans = folder.name, "".join(f"{folder.name}\ts{k}\t{k}\t0.9{k}\n" for k in range(3))
    text(folder / "scans.tsv", "dataset\tscan\tindex\toverlap\n" + scans)
    text(folder / "excluded.tsv", f"dataset\tscan\treasons\n{name}\ts9\tthe brain is <small>\n")


def split(folder: Path, dataset: str, folds: int) -> Path:
    """Splits of a data set whose scans are all test scans."""
    lines = [f"{dataset}\ts{k}\tp{k}\t{fold}\ttest\n" for fold in range(folds) for k in range(3)]
    return text(folder / f"{dataset}_splits.tsv", "dataset\tscan\tsubject\tfold\tset\n" + "".join(lines))


def scored(folder: Path, testset: str, row: str, fold: int, maps: list[Path]) -> Path:
    """Scores of a row whose maps are added."""
    data, content = load_packed(folder / testset), HEAD
    stored = [read_maps(path, data, np.arange(3)) for path in maps]
    for k, scan in enumerate(data.scans):
        volume = np.zeros(SHAPE[1:], np.float32)
        volume[data.brain[k] > 0] = sum(each[k].astype(np.float32) for each in stored)
        found = measured(volume, data.lesion[k] > 0)
        content += "\t".join(map(str, (row, fold, 1, testset, scan, *found, found[3] * ML))) + "\n"
    return text(folder / f"scores/{row}/{fold}/{testset}.tsv", content)


def make(folder: Path, folds: int = 2) -> tuple[dict[str, Any], Files]:
    """What the rules hand on: about, and the files."""
    draw, testsets = np.random.default_rng(0), list(SOURCES)
    for name in ("ixi", *testsets):
        packed(folder / name, draw)
    maps: dict[tuple[str, str, int], Path] = {}
    made: list[Path] = []
    for testset, fold in product(testsets, range(folds)):
        data = load_packed(folder / testset)
        for model in ("cddpm", "unet-les", "random"):
            path = maps[testset, model, fold] = folder / f"maps/{model}/{fold}/{testset}.safetensors"
            volumes = [(scan, draw.random(SHAPE[1:])) for scan in data.scans]
            write_maps(volumes, data, np.arange(3), Origin(model, fold, 1, testset, "test"), path)
        if not fold:
            made.append(folder / f"made_{testset}.safetensors")
            volumes = [(scan, draw.random((2, *SHAPE[1:]))) for scan in data.scans]
            write_reconstructions(
                volumes, data, np.arange(3), 2, Origin("cddpm", 0, 1, testset, "test"), made[-1]
            )
    about = {
        "rows": ROWS, "reconstructors": {"cDDPM": ["cddpm"], "SADM-LES": ["cddpm"]}, "sources": SOURCES,
        "shown": {"les": "SADM-LES", "draem": "cDDPM"}, "beta": 0.5,
    }  # fmt: skip
    files = Files(
        packed=[folder / t / "t1.npy" for t in testsets],
        splits=[split(folder, name, folds) for name in SOURCES.values()],
        scores=[
            scored(folder, testset, row, fold, [maps[testset, model, fold] for model in models])
            for testset, (row, models), fold in product(testsets, ROWS.items(), range(folds))
        ],
        maps=list(maps.values()),
        reconstructions=made,
    )
    return about, files
