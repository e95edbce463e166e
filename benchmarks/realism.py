"""How the demo's heads compare with real scans on the demo's grid, in statistics that no method's score enters.

    python benchmarks/realism.py [--config FILE ...]      a markdown table (docs/demo.md says how the real scans get into results/)

Each world is measured against its own mean healthy brain: the demo's patients against the demo's healthy heads, real ones against
IXI. A healthy scan is measured against the mean of the others. GM/WM is read off the scans themselves, bias field taken out, where
SRI24 has grey and white matter and no lesion is.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from sadm.cohort.packed import Packed, load_packed
from sadm.demo.geometry import brain_at, guides, tissue_at
from sadm.demo.phantom import Phantom, load_phantom
from sadm.prediction.score import ssim_map
from sadm.prediction.trivial import mean_brain
from sadm.preprocess.bias import evaluate
from sadm.preprocess.head import Head
from sadm.preprocess.label import share
from sadm.preprocess.space import Grid, read_transform, study_grid
from sadm.runtime.files import load_nifti
from sadm.study.loader import raw_config
from sadm.study.places import folder
from sadm.study.study import Study

WORLDS = {"demo": ("healthy", "tumour", "stroke"), "real": ("ixi", "brats", "atlas")}
MEASURES = {
    "dissimilarity": "1 - SSIM to the mean healthy brain, healthy tissue",
    "lesion_dissimilarity": "the same, lesion",
    "distance": "distance (l1) to the mean healthy brain, healthy tissue",
    "lesion_distance": "the same, lesion",
    "level": "median intensity of healthy tissue",
    "lesion_level": "the same, lesion",
    "spread": "standard deviation of healthy tissue",
    "grey_to_white": "GM/WM: smallest, median, largest",
    "share": "lesion share of the brain",
    "lesion_ml": "lesion volume in ml: smallest, median, largest",
}
SPREAD = {"grey_to_white": ".2f", "lesion_ml": ".0f"}  # of these the smallest, median and largest


def measure(
    t1: np.ndarray, brain: np.ndarray, lesion: np.ndarray, mean: np.ndarray, voxel_ml: float
) -> dict[str, float]:
    """The `MEASURES` of one volume; those of a lesion only where there is one.

    ``t1`` [D, X, Y] in [0, 1], ``brain`` and ``lesion`` 0/1, ``mean`` the mean healthy brain [D, X, Y], ``voxel_ml`` a voxel's volume.
    """
    x, inside, sick = t1.astype(np.float32), brain > 0, (lesion > 0) & (brain > 0)
    unlike, away = 1 - ssim_map(x, mean), np.abs(x - mean)
    well = inside & ~sick
    found = {
        "dissimilarity": unlike[well].mean(),
        "distance": away[well].mean(),
        "level": np.median(x[well]),
        "spread": x[well].std(),
    }
    if sick.any():
        found |= {
            "lesion_dissimilarity": unlike[sick].mean(),
            "lesion_distance": away[sick].mean(),
            "lesion_level": np.median(x[sick]),
            "share": sick.sum() / inside.sum(),
            "lesion_ml": np.count_nonzero(lesion) * voxel_ml,
        }
    return {name: float(value) for name, value in found.items()}


def measured(data: Packed, healthy: Packed, voxel_ml: float) -> Iterator[dict[str, float]]:
    """`measure` of each scan of ``data`` against the mean of ``healthy``, without the scan itself if it is one of them."""
    for i, scan in enumerate(data.scans):
        others = [k for k, name in enumerate(healthy.scans) if data is not healthy or name != scan]
        yield measure(
            data.t1[i], data.brain[i], data.lesion[i], mean_brain(healthy, np.array(others)), voxel_ml
        )


def tissues(phantom: Phantom, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Where SRI24 has grey and pure white matter, below the outermost 4 mm: two masks [X, Y, Z] on ``grid``."""
    index = np.indices(grid.shape).reshape(3, -1)
    world = grid.affine[:3, :3] @ index + grid.affine[:3, 3:]
    inverse = np.linalg.inv(phantom.world)
    points = (inverse[:3, :3] @ world + inverse[:3, 3:]).reshape(3, *grid.shape).astype(np.float32)
    value, deep = tissue_at(phantom, points), guides(phantom, points, (0,))[0] > 4
    inside = (brain_at(phantom, points) > 0.9) & deep
    return inside & (value > 0.60) & (value < 0.76), inside & (ndimage.minimum_filter(value, 3) > 0.88)


def grey_to_white(values: np.ndarray, sick: np.ndarray, masks: tuple[np.ndarray, np.ndarray]) -> float:
    """Ratio of the median intensities of grey and white matter outside the lesion; all [X, Y, Z] on one grid."""
    grey, white = (np.median(values[mask & ~sick & (values > 0)]) for mask in masks)
    return float(grey / white)


def contrasts(study: Study, results: Path, name: str) -> list[float]:
    """`grey_to_white` of all scans of a data set that were prepared."""
    brain, said, found = load_nifti(results / "template/sri24_brain.nii.gz"), study.section("grid"), []
    fine = study_grid(brain, said["shape"], said["spacing"])
    masks = tissues(load_phantom(results / "demo/phantom.npz"), fine)
    for scan in load_packed(results / "packed" / name).scans:
        stem, source = results / "prep" / name / folder(scan) / "anat" / scan, study.scan(name, scan)
        matrix = read_transform(f"{stem}_from-T1w_to-SRI24_mode-image_xfm.mat")
        field = evaluate(load_nifti(f"{stem}_space-SRI24_biasfield.nii.gz"), fine)
        values = Head.load(study.t1(name, folder(scan), scan)).sample(fine, matrix) / field
        sick = np.zeros(fine.shape, dtype=bool)
        if source.lesion:
            sick = share(load_nifti(source.lesion), fine, matrix) > 0.01
        found.append(grey_to_white(values, sick, masks))
    return found


def summary(lines: list[dict[str, float]], name: str) -> str:
    """Mean of a measure over the scans, or its smallest, median and largest."""
    values = [line[name] for line in lines if name in line]
    if not values:
        return "-"
    if name in SPREAD:
        return " / ".join(format(value, SPREAD[name]) for value in np.percentile(values, (0, 50, 100)))
    return f"{np.mean(values):.3f}"


def table(results: Path, study: Study) -> str:
    """A markdown table, a column a data set that is there."""
    columns: dict[str, list[dict[str, float]]] = {}
    voxel_ml = study.spacing**3 / 1000
    for names in WORLDS.values():
        if not (results / "packed" / names[0]).exists():
            continue
        healthy = load_packed(results / "packed" / names[0])
        for name in names:
            if (results / "packed" / name).exists():
                data = healthy if name == names[0] else load_packed(results / "packed" / name)
                ratios = contrasts(study, results, name)
                lines = list(measured(data, healthy, voxel_ml))
                columns[name] = [line | {"grey_to_white": ratio} for line, ratio in zip(lines, ratios)]
    head = ["", *(f"{name} ({len(lines)})" for name, lines in columns.items())]
    rows = [[text, *(summary(lines, key) for lines in columns.values())] for key, text in MEASURES.items()]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    own = [Path("config.yaml"), Path("benchmarks/real_scans.yaml")]
    parser.add_argument("--config", nargs="+", type=Path, default=own, help="of the study (the demo)")
    given = parser.parse_args()
    print(table(Path("results"), Study.from_config(raw_config(given.config))))


if __name__ == "__main__":
    main()
