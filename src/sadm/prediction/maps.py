"""Anomaly maps and reconstructions as they are stored: safetensors files, one tensor a scan, by the scan's name.

A file is of one part of one set by one model of a fold and seed, and tells so (`Origin`). A map is float16, 1-D, at the
brain voxels of its scan in C order of [D, X, Y]; a reconstruction float16 [T, D, X, Y], T the time steps.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed
from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE
from sadm.runtime.tensors import open_tensors, write_tensors


@dataclass(frozen=True)
class Origin:
    """What a file holds: the scans of ``part`` ("val", "test") of the scored ``set``, by ``model`` in ``fold``.

    ``model`` may be a trivial score; ``seed`` is the number of the training seed, from 1.
    """

    model: str
    fold: int
    seed: int
    set: str
    part: str

    def __str__(self) -> str:
        return f"{self.set} ({self.part}) by {self.model}, fold {self.fold}, seed {self.seed}"


def origin(path: str | Path) -> Origin:
    """What the file of maps or reconstructions at ``path`` holds. Raises DataError if it does not tell, or is damaged."""
    meta = open_tensors(path)[0]
    kinds = {field.name: field.type for field in fields(Origin)}
    wrong = [key for key in {*kinds, *meta} if type(meta.get(key)) is not kinds.get(key)]
    if wrong:
        what = "A file does not tell which maps or reconstructions it holds."
        cause = f"its metadata are {', '.join(meta) or 'empty'}; wrong: {', '.join(sorted(wrong))}"
        raise DataError(what, file=path, cause=cause, fix=REMAKE)
    return Origin(**meta)


def by_origin(paths: Iterable[str | Path]) -> dict[Origin, str | Path]:
    """Files of maps or reconstructions by what they hold. Raises DataError."""
    return {origin(path): path for path in paths}


def file_of(wanted: Origin, files: Mapping[Origin, str | Path]) -> str | Path:
    """The one of ``files`` that holds what is ``wanted``. Raises DataError if none does."""
    if wanted not in files:
        cause = f"{wanted} is wanted, found: {'; '.join(map(str, files)) or 'nothing'}"
        example = next(iter(files.values()), None)
        fix = "delete the folders of the maps and reconstructions, and run again"
        raise DataError("A file of maps or reconstructions is missing.", file=example, cause=cause, fix=fix)
    return files[wanted]


def write_maps(
    volumes: Iterable[tuple[str, np.ndarray]],
    packed: Packed,
    scans: np.ndarray,
    of: Origin,
    path: str | Path,
) -> None:
    """Store the maps ``volumes`` (name of the scan, [D, X, Y] >= 0) of the ``scans`` (indices into ``packed``) at brain voxels.

    Raises ValueError for another scan than the next one.
    """
    number = {packed.scans[i]: i for i in scans}
    shapes = {scan: (int(np.count_nonzero(packed.brain[i])),) for scan, i in number.items()}
    inside = ((scan, volume[packed.brain[number[scan]] > 0]) for scan, volume in volumes)
    write_tensors(inside, shapes, asdict(of), path)


def read_maps(path: str | Path, packed: Packed, scans: np.ndarray) -> list[np.ndarray]:
    """The stored map of each of the ``scans`` (indices into ``packed``): float16, 1-D, a value a brain voxel, memory-mapped.

    Raises DataError if the file holds other scans, or another number of voxels than a scan's brain mask.
    """
    stored = open_tensors(path)[1]
    names = [packed.scans[i] for i in scans]
    if other := sorted(set(stored) ^ set(names)):
        cause = f"{len(other)} scans are in one of them only: {', '.join(other[:5])}"
        raise DataError("An anomaly map does not fit its test set.", file=path, cause=cause, fix=REMAKE)
    for name, i in zip(names, scans, strict=True):
        if stored[name].shape != (voxels := np.count_nonzero(packed.brain[i]),):
            cause = f"{name} has shape {stored[name].shape}, its brain mask {voxels} voxels"
            raise DataError("An anomaly map does not fit its test set.", file=path, cause=cause, fix=REMAKE)
        if not np.isfinite(stored[name]).all():
            cause = f"{name} has values that are not finite"
            raise DataError("An anomaly map has no numbers.", file=path, cause=cause, fix=REMAKE)
    return [stored[name] for name in names]


def write_reconstructions(
    volumes: Iterable[tuple[str, np.ndarray]],
    packed: Packed,
    scans: np.ndarray,
    steps: int,
    of: Origin,
    path: str | Path,
) -> None:
    """Store the reconstructions ``volumes`` (name of the scan, [``steps``, D, X, Y]) of the ``scans``, one in memory at a time.

    Raises ValueError for another scan than the next one.
    """
    shape = (steps, *packed.t1.shape[1:])
    write_tensors(volumes, {packed.scans[i]: shape for i in scans}, asdict(of), path)


def read_reconstructions(path: str | Path, scan: str) -> np.ndarray:
    """The stored reconstructions of a scan: float16 [T, D, X, Y], memory-mapped. Raises DataError if there are none, or no numbers."""
    stored = open_tensors(path)[1]
    cause = ""
    if scan not in stored:
        cause = f"they are of {len(stored)} other scans, not of {scan}"
    elif len(found := stored[scan].shape) != 4 or not all(found):
        cause = f"{scan} has shape {found}, which is no volumes"
    elif not np.isfinite(stored[scan]).all():
        cause = f"{scan} has values that are not finite"
    if cause:
        raise DataError("Reconstructions do not fit their set.", file=path, cause=cause, fix=REMAKE)
    return stored[scan]


def as_volume(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """A stored map back on its grid: float32 [D, X, Y] as ``brain``, 0 outside."""
    volume = np.zeros(brain.shape, dtype=np.float32)
    volume[brain > 0] = values
    return volume
