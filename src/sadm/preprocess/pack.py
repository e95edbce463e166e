"""The prepared volumes of a data set as memory-mapped arrays; scans that failed their check are left out by name."""

from pathlib import Path
from typing import Any

import numpy as np

from sadm.preprocess.quality_table import table
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import load_nifti, read_json, write_stack, write_text

DTYPES = {"t1": np.float16, "brain": np.uint8, "lesion": np.uint8}


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
    scans: list[str],
    files: dict[str, list[str]],
    qc: list[str],
    outputs: dict[str, str],
    *,
    on_failure: str,
    dataset: str,
) -> None:
    """Write the arrays ``outputs`` t1 (float16 [N, D, X, Y] in [0, 1]), brain, lesion (uint8), and the lists scans, excluded.

    ``files`` are the prepared volumes (keys t1, brain, lesion) and ``qc`` the checks, in the order of ``scans``. Scans that
    failed are left out and listed with their reasons (``on_failure`` "exclude"), or stop the run ("stop"): ProcessingError.
    """
    checks = [read_json(path) for path in qc]
    failed = {scan: found["reasons"] for scan, found in zip(scans, checks) if not found["passed"]}
    check(failed, len(scans), on_failure, dataset)
    kept = [i for i, scan in enumerate(scans) if scan not in failed]
    for name, dtype in DTYPES.items():
        stack([files[name][i] for i in kept], dtype, Path(outputs[name]))
    measured = ("brain_ml", "overlap", "lesion_ml", "lesion_ml_prepared")
    rows = [
        {"dataset": dataset, "scan": scans[i], "index": n} | {k: checks[i][k] for k in measured}
        for n, i in enumerate(kept)
    ]
    write_text(table(rows, ("dataset", "scan", "index", *measured)), outputs["scans"])
    lost = [{"scan": scan, "reasons": "; ".join(reasons)} for scan, reasons in failed.items()]
    write_text(table(lost, ("scan", "reasons")), outputs["excluded"])
