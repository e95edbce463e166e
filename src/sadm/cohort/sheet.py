"""The cohort check: every file of a data set is read once, all problems are reported together, the sheet is written."""

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sadm.cohort.examine import Finding, Problem, duplicates, examine, shared_labels
from sadm.cohort.unlabelled import candidate_notes, sort_out
from sadm.data.base import Scan
from sadm.data.subjects import matched
from sadm.runtime.errors import DataError
from sadm.runtime.files import write_table

COLUMNS = (
    "dataset", "subject", "session", "scan", "t1", "brain_mask", "lesion", "age", "sex", "site", "sha256", "lesion_ml"
)  # fmt: skip


def cohort(
    dataset: str,
    importer: str,
    options: Mapping[str, Any],
    annotated: bool,
    out: str | Path,
    threads: int = 1,
    missing: str = "stop",
) -> None:
    """Check the data set that ``importer`` lists with ``options`` and write its sheet, a row a scan, to ``out`` (tsv).

    ``annotated``: its scans are of patients; what is done with those that have no label says ``missing`` (`sort_out`).
    Raises DataError that lists every file with a problem.
    """
    module = import_module(f"sadm.data.{importer}")
    listed = getattr(module, "listed", module.scans)(dataset, options)
    scans, lacking, notes = (
        sort_out(listed, options, missing) if annotated else (listed, [], candidate_notes(listed, options))
    )
    known = module.demographics(options) if hasattr(module, "demographics") else {}
    rows, without = matched(known, [scan.subject for scan in scans])
    described = [_described(scan, rows.get(scan.subject, {})) for scan in scans]
    findings = check(described, lacking, threads, getattr(module, "FRACTIONAL", False))
    write_table(map(_row, findings), COLUMNS, out)
    empty = [f.scan.name for f in findings if f.lesion_ml == 0]
    print(
        f"{dataset}: {len(findings)} scans of {len({s.subject for s in scans})} subjects, no problem found."
    )
    print(f"{len(empty)} lesion labels are empty: {', '.join(empty) or 'none'}.")
    notes += [
        f"one label for {' and '.join(f.scan.lesion for f in group)}" for group in shared_labels(findings)
    ]
    for note in [*notes, *[without] * bool(without)]:
        print(f"note: {note}")


def check(
    scans: Sequence[Scan], problems: Sequence[Problem] = (), threads: int = 1, fractional: bool = False
) -> list[Finding]:
    """Read every file of ``scans`` once, in ``threads`` threads.

    Raises one DataError for the ``problems`` that are known already and for all files that are missing, unreadable,
    truncated, not 3-D, empty, constant, NaN, of no head's field of view, on another grid than their T1 or voxel for voxel the
    same as another scan's T1, and for masks and labels that are none (of many values, or of fractions unless ``fractional``;
    beside the head, of a background that is not 0, too large for a lesion, of several scans).
    """
    with ThreadPoolExecutor(threads) as pool:
        findings = list(pool.map(examine, scans, itertools.repeat(fractional)))
    found = [*problems, *(problem for each in findings for problem in each.problems), *duplicates(findings)]
    if found:
        files = sorted({problem.file for problem in found})
        listing = "".join(f"\n    {file}: {cause}; fix: {fix}" for file, cause, fix in sorted(found))
        what = f"{len(files)} files of data set {scans[0].dataset!r} cannot be used ({len(scans)} scans were read)."
        fix = "mend these files, each as its line says; nothing is trained before"
        raise DataError(what, file=files[0] if len(files) == 1 else None, cause=listing, fix=fix)
    return findings


def _described(scan: Scan, known: Mapping[str, str]) -> Scan:
    """``scan`` with what the table knows of its subject; what the scan says of itself counts first."""
    return replace(
        scan, **{name: getattr(scan, name) or known.get(name, "") for name in ("age", "sex", "site")}
    )


def _row(found: Finding) -> dict[str, str]:
    scan, ml = found.scan, found.lesion_ml
    values = vars(scan) | {
        "scan": scan.name,
        "sha256": found.sha256,
        "lesion_ml": "" if ml is None else f"{ml:.3f}",
    }
    return {column: values[column] for column in COLUMNS}
