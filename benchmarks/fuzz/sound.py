"""Sound inputs that several kinds break: a small head, a packed data set."""

from pathlib import Path

import nibabel as nib
import numpy as np
from breaking import Draw

from sadm.runtime.files import write_table


def image(path: Path, draw: Draw, label: bool = False, place: np.ndarray | None = None) -> None:
    """A small head, or a label, as a file."""
    shape, rng = (24, 26, 22), np.random.default_rng(draw.randrange(2**31))
    grid = np.abs(np.indices(shape) / np.reshape(np.array(shape) - 1, (3, 1, 1, 1)) - 0.5)
    inside = np.sqrt((grid**2).sum(0)) < (0.15 if label else 0.4)
    data = inside.astype(np.uint8) if label else (inside * rng.integers(200, 900, shape)).astype(np.int16)
    affine = np.diag([-8.0, 8, 8, 1]) if place is None else place
    nib.save(nib.Nifti1Image(data, affine), path)


def packed(folder: Path) -> None:
    """A packed data set of three scans, and its splits."""
    folder.mkdir()
    brains = np.ones((3, 4, 6, 6), np.uint8)
    np.save(folder / "t1.npy", brains.astype(np.float16) / 2)
    np.save(folder / "brain.npy", brains)
    np.save(folder / "lesion.npy", brains * 0)
    rows = [{"dataset": "set", "scan": f"sub-{n}", "index": n, "subject": str(n), "fold": 0, "set": part, "t1": "a", "sha256": str(n)}
            for n, part in enumerate(("train", "val", "test"))]  # fmt: skip
    write_table(
        [{k: r[k] for k in ("dataset", "scan", "index")} for r in rows],
        ("dataset", "scan", "index"),
        folder / "scans.tsv",
    )
    write_table(
        [{k: r[k] for k in ("dataset", "scan", "subject", "fold", "set")} for r in rows],
        ("dataset", "scan", "subject", "fold", "set"),
        folder / "splits.tsv",
    )
    write_table(
        [{k: r[k] for k in ("dataset", "subject", "scan", "t1", "sha256")} for r in rows],
        ("dataset", "subject", "scan", "t1", "sha256"),
        folder / "sheet.tsv",
    )
