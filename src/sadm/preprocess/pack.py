"""The prepared volumes of a data set as memory-mapped arrays; scans that failed their check are left out by name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import load_nifti, read_json, write_stack, write_table

DTYPES = {"t1": np.float16, "brain": np.uint8, "lesion": np.uint8}
WHOSE = ("dataset", "scan")
MEASURED = ("labelled", "brain_ml", "overlap", "lesion_ml", "lesion_ml_prepared")


def stack(files: list[str], dtype: Any, out: Path) -> None:
    """Write the volumes [X, Y, D] of the NIfTI ``files`` as one array [N, D, X, Y] to ``out``, one in memory at a time."""
    x, y, depth = load_nifti(files[0]).shape
    volumes = (np.asarray(load_nifti(file).dataobj).transpose(2, 0, 1) for file in files)
    write_stack(volumes, (len(files), depth, x, y), dtype, out)


def check(failed: dict[str, list[str]], count: int, on_failure: str, dataset: str) -> None:
    """Raise ProcessingError that names the ``failed`` scans (of ``count``) if ``on_failure`` is "stop", or if none is left."""
    if failed and (on_failure == "stop" or len(failed) == count):
        cause = "; ".join(f"{scan}: {', '.join(reasons)}" for scan, reasons in failed.items())
        what = f"{len(failed)} of {count} scans of {dataset} failed their check."
        raise ProcessingError(
            what, cause=cause, fix="look at them; mend or remove them, or set quality.on_failure: exclude"
        )


def pack(
    files: Mapping[str, Mapping[str, str]],
    qc: Iterable[str],
    outputs: dict[str, str],
    *,
    on_failure: str,
    dataset: str,
) -> None:
    """Write the arrays ``outputs`` t1 (float16 [N, D, X, Y] in [0, 1]), brain, lesion (uint8), and the lists scans, excluded.

    ``files``: {"t1", "brain", "lesion": {scan: prepared volume}}; ``qc``: the checks, each with the name of its scan; the arrays
    have their order. Scans that failed are left out and listed with their reasons (``on_failure`` "exclude"), or stop the run
    ("stop"): ProcessingError.
    """
    checks = {found["scan"]: found for found in map(read_json, qc)}
    failed = {scan: found["reasons"] for scan, found in checks.items() if not found["passed"]}
    check(failed, len(checks), on_failure, dataset)
    kept = [scan for scan in checks if scan not in failed]
    for name, dtype in DTYPES.items():
        stack([files[name][scan] for scan in kept], dtype, Path(outputs[name]))
    rows = [
        {"index": n} | {key: checks[scan][key] for key in (*WHOSE, *MEASURED)} for n, scan in enumerate(kept)
    ]
    write_table(rows, (*WHOSE, "index", *MEASURED), outputs["scans"])
    lost = [
        {key: checks[scan][key] for key in WHOSE} | {"reasons": "; ".join(failed[scan])} for scan in failed
    ]
    write_table(lost, (*WHOSE, "reasons"), outputs["excluded"])
