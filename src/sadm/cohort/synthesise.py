"""The fixed DRAEM set: the healthy test and validation scans with a synthetic anomaly on every slice (paper, Appendix C).

The authors published no generator of their test set; this one is fixed by the study's seed. Anomalies are painted by the
recipe that the DRAEM nets train on, outside the brain too unless the recipe says `within_brain`; the label is the anomaly
inside the brain mask, where alone a score is read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sadm.anomalies.draem import Draem
from sadm.cohort.packed import Packed, load_packed, members
from sadm.cohort.splits import read_splits
from sadm.runtime import seeds
from sadm.runtime.errors import SplitError
from sadm.runtime.files import atomic, read_table, whole, write_table
from sadm.study.checks import DRAEM


def synthesise(
    packed: str | Path, splits: str | Path, out: str | Path, seed: int, draem: Mapping[str, Any]
) -> None:
    """Write the DRAEM set made of the healthy data set ``packed`` (a folder) as a packed data set into ``out``.

    It has the test and validation scans of all folds; ``splits`` tells which are which in a fold. ``draem`` are the parameters of `Draem`. Each scan has its own
    generator, seeded by the study's ``seed`` and the scan's name: another scan more or less changes no other.
    Raises SplitError if there is no test scan, ConfigError for impossible parameters.
    """
    healthy = load_packed(packed)
    folds = sorted({whole(row, "fold") for row in read_splits(splits)})
    parts = {part: [members(healthy, splits, fold, part) for fold in folds] for part in ("test", "val")}
    chosen = np.unique(np.concatenate([each for part in parts.values() for each in part]))
    if not all(map(len, parts["test"])):
        cause, fix = (
            "no packed scan is in the test set",
            "set splits.test to at least 1, or leave draem out of testsets",
        )
        raise SplitError("The DRAEM test set has no scan.", file=splits, cause=cause, fix=fix)
    painter = Draem(healthy.t1.shape[2:], **draem)
    painted = [paint(healthy, i, painter, seed) for i in chosen]
    arrays = {"brain": np.asarray(healthy.brain[chosen])}
    arrays["t1"], arrays["lesion"] = (np.stack(each) for each in zip(*painted))
    for name, array in arrays.items():
        with atomic(Path(out) / f"{name}.npy") as tmp:
            np.save(tmp, array)
    _list_scans(Path(packed) / "scans.tsv", chosen, Path(out) / "scans.tsv")
    write_table([], ("dataset", "scan", "reasons"), Path(out) / "excluded.tsv")
    share = arrays["lesion"].sum() / arrays["brain"].sum()
    print(f"{len(chosen)} scans, anomalies in {share:.1%} of their brain voxels")


def paint(healthy: Packed, index: int, painter: Draem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One scan with an anomaly on every slice: its T1, float16, and the label, uint8 0/1, both [D, X, Y]."""
    generator = torch.Generator().manual_seed(seeds.seed(seed, "synthesise", healthy.scans[index]))
    slices = torch.from_numpy(healthy.t1[index].astype(np.float32))[:, None]
    brain = torch.from_numpy(healthy.brain[index] > 0)[:, None]
    images, labels = painter(slices, brain, generator)
    return images[:, 0].half().numpy(), ((labels > 0) & brain)[:, 0].byte().numpy()


def _list_scans(source: Path, chosen: np.ndarray, out: Path) -> None:
    """The rows of ``chosen`` scans, numbered anew, as a data set of their own."""
    rows = read_table(source)
    numbered = [
        rows[i] | {"dataset": DRAEM, "index": number, "labelled": 1} for number, i in enumerate(chosen)
    ]
    write_table(numbered, list(numbered[0]), out)
