"""The prepared volumes of a data set as memory-mapped arrays; scans that are unusable are left out by name."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sadm.preprocess.quality import VERDICT, read_check
from sadm.runtime.errors import DataError, ProcessingError
from sadm.runtime.files import REMAKE, load_nifti, write_stack, write_table

DTYPES = {"t1": np.float16, "brain": np.uint8, "lesion": np.uint8}
WHOSE = ("dataset", "scan")
MEASURED = ("labelled", "brain_ml", "overlap", "lesion_ml", "lesion_ml_prepared")


def stack(files: list[str], dtype: Any, out: Path) -> None:
    """Write the volumes [X, Y, D] of the NIfTI ``files`` as one array [N, D, X, Y] to ``out``, one in memory at a time."""
    x, y, depth = load_nifti(files[0]).shape
    volumes = (np.asarray(load_nifti(file).dataobj).transpose(2, 0, 1) for file in files)
    write_stack(volumes, (len(files), depth, x, y), dtype, out)


def named(scans: Mapping[str, list[str]]) -> str:
    """``scans`` with their reasons, the reasons of several said once."""
    shared: dict[str, list[str]] = {}
    for scan, reasons in scans.items():
        shared.setdefault(", ".join(reasons), []).append(scan)
    return "; ".join(f"{', '.join(names)}: {reasons}" for reasons, names in shared.items())


def check(
    found: Mapping[str, Mapping[str, Any]], on_failure: str, on_unusual: str, dataset: str
) -> dict[str, list[str]]:
    """The scans to leave out, with their reasons. ``found``: {scan: its check}.

    Raises ProcessingError that names the unusable scans if ``on_failure`` is "stop", the unusual ones if ``on_unusual`` is, and all
    if none is left.
    """
    failed = {scan: each["reasons"] for scan, each in found.items() if not each["passed"]}
    unusual = {scan: each["unusual"] for scan, each in found.items() if each["passed"] and each["unusual"]}
    for scans, what, key, choice in (
        (failed, "failed their check", "on_failure", on_failure),
        (unusual, "are unusual", "on_unusual", on_unusual),
    ):
        if scans and choice == "stop":
            other = "exclude" if key == "on_failure" else "keep, or exclude"
            raise ProcessingError(
                f"{len(scans)} of {len(found)} scans of {dataset} {what}.",
                cause=named(scans),
                fix=f"look at them (results/qc/{dataset}.html); mend or remove them, or set quality.{key}: {other}",
            )
    lost = failed | (unusual if on_unusual == "exclude" else {})
    if len(lost) == len(found):
        raise ProcessingError(
            f"No scan of {dataset} is left: all {len(found)} were excluded.",
            cause=named(lost),
            fix="where all have one fault, it is the data set's: see its importer, path, brain, space and stripped in the config, and "
            f"results/qc/{dataset}.html",
        )
    return lost


def pack(
    files: Mapping[str, Mapping[str, str]],
    qc: Iterable[str],
    outputs: dict[str, str],
    *,
    on_failure: str,
    on_unusual: str,
    dataset: str,
) -> None:
    """Write the arrays ``outputs`` t1 (float16 [N, D, X, Y] in [0, 1]), brain, lesion (uint8), and the lists scans, excluded.

    ``files``: {"t1", "brain", "lesion": {scan: prepared volume}}; ``qc``: the checks, each with the name of its scan; the arrays
    have their order. Scans that are unusable are left out and listed with their reasons (``on_failure`` "exclude"), or stop the run
    ("stop"): ProcessingError. So are unusual ones as ``on_unusual`` says; "keep" lists them among the scans, with what is unusual.
    """
    read = {path: read_check(path, VERDICT, MEASURED) for path in qc}
    checks = {found["scan"]: found for found in read.values()}
    if other := [
        path
        for path, found in read.items()
        if found["scan"] not in files["t1"] or found["dataset"] != dataset
    ]:
        cause = f"it is of the scan {read[other[0]]['scan']} of {read[other[0]]['dataset']}, not of one of {dataset}"
        raise DataError(
            "The check of a scan is not what it should be.", file=other[0], cause=cause, fix=REMAKE
        )
    failed = check(checks, on_failure, on_unusual, dataset)
    kept = [scan for scan in checks if scan not in failed]
    for name, dtype in DTYPES.items():
        stack([files[name][scan] for scan in kept], dtype, Path(outputs[name]))
    rows = [
        {"index": n, "unusual": "; ".join(checks[scan]["unusual"])}
        | {key: checks[scan][key] for key in (*WHOSE, *MEASURED)}
        for n, scan in enumerate(kept)
    ]
    write_table(rows, (*WHOSE, "index", *MEASURED, "unusual"), outputs["scans"])
    lost = [
        {key: checks[scan][key] for key in WHOSE} | {"reasons": "; ".join(failed[scan])} for scan in failed
    ]
    write_table(lost, (*WHOSE, "reasons"), outputs["excluded"])
