"""The cohort check: every file of a data set is read once, all problems are reported together, the sheet is written."""

import hashlib
import itertools
import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import nibabel as nib
import numpy as np

from sadm.cohort import prints
from sadm.cohort.intensities import no_intensities
from sadm.data import account
from sadm.data.base import Scan, files_of, listing, makes
from sadm.runtime.errors import DataError, SadmError
from sadm.runtime.files import load_nifti, write_table

COLUMNS = (
    "dataset", "subject", "session", "scan", "t1", "brain_mask", "lesion", "age", "sex", "site", "sha256", "lesion_ml"
)  # fmt: skip
LABELS = 16  # values of a label: BraTS has 4; an image or a parcellation taken for a label has hundreds
WHOLE = 1e-3  # how near to whole numbers a label's values are: scaling rounds
DARK = 0.5  # brightness of a brain mask's voxels by that of all voxels, below which the mask lies beside the head
AHEAD = 60  # seconds that a file's time may lie in the future: clocks in a network differ
REPLACE = "replace or remove it"
EXCLUDED = ("dataset", "scan", "subject", "session", "file", "cause", "fix")
NOTES = ("dataset", "note")
PRINTS = ("dataset", "scan", "t1", "print")
TOLERANCE = 0.1  # mm between the corners of two grids: headers that store quaternions round at about .01


class Problem(NamedTuple):
    """What is wrong with a ``file``, and what to do about it."""

    file: str
    cause: str
    fix: str = REPLACE


@dataclass
class Finding:
    """What the files of one scan hold: ``sha256`` of the T1's voxels, its print, lesion volume in ml (None: no label), problems."""

    scan: Scan
    sha256: str = ""
    printed: str = ""
    lesion_ml: float | None = None
    problems: list[Problem] = field(default_factory=list)


class Checked(NamedTuple):
    """The scans of a data set, each with what its files hold, and the subjects that the tables beside the images know."""

    findings: list[Finding]
    known: set[str]


def cohort(
    dataset: str,
    importer: str,
    options: Mapping[str, Any],
    annotated: bool,
    out: str | Path,
    threads: int = 1,
    *,
    masks: bool = True,
    on_bad_file: str = "stop",
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Check the data set that ``importer`` lists with ``options`` and write its sheet, a row a scan, to ``out`` (tsv).

    Beside it go (`beside`) the account of every image, what is to be known of the data set, the sheet of the excluded scans,
    and the prints of all others.
    ``annotated``: each scan must have a lesion label. Without ``masks`` no step uses brain masks, and none is
    read. With ``on_bad_file`` "stop" it raises DataError that lists every file with a problem, also those of ``others``, the
    study's other data sets ({name: importer, options, annotated, masks}); with "exclude" scans with such a file are left out.
    """
    read = examined(dataset, importer, options, annotated, masks, threads)
    bad = {each.scan.name: each.problems for each in read.findings if each.problems}
    if bad and (on_bad_file == "stop" or len(bad) == len(read.findings)):
        problems = {dataset: [problem for found in bad.values() for problem in found]}
        problems |= _elsewhere(others or {}, threads)
        raise refusal(problems, len(read.findings), on_bad_file)
    kept = [each for each in read.findings if each.scan.name not in bad]
    causes = {name: f"{Path(found[0].file).name} {found[0].cause}" for name, found in bad.items()}
    scans = [each.scan for each in read.findings]
    files = account.account(importer, dataset, options, scans, causes, read.known)
    write_table(_excluded(read.findings), EXCLUDED, beside(out, "excluded"))
    write_table(files.rows, account.COLUMNS, beside(out, "files"))
    write_table(map(_print, kept), PRINTS, beside(out, "prints"))
    write_table(map(_row, kept), COLUMNS, out)
    notes = [files.line, *_notes(kept, causes), *files.notes]
    write_table(({"dataset": dataset, "note": note} for note in notes), NOTES, beside(out, "notes"))
    print(f"{dataset}: {len(kept)} scans of {len({each.scan.subject for each in kept})} subjects passed.")
    for note in notes:
        print(f"note: {note}.")


def beside(sheet: str | Path, kind: str) -> Path:
    """Where the table of a ``kind`` ("files", "notes", "excluded", "prints") lies that is written with a data set's sheet."""
    return Path(sheet).with_name(f"{Path(sheet).stem}_{kind}.tsv")


def _notes(kept: Sequence[Finding], causes: Mapping[str, str]) -> Iterator[str]:
    """What is to be known of the scans; ``causes``: why scans are excluded, by name."""
    yield from (f"excluded: {name}: {cause}" for name, cause in causes.items())
    if empty := [each.scan.name for each in kept if each.lesion_ml == 0]:
        yield f"{len(empty)} lesion labels are empty: {', '.join(empty)}"


def examined(
    dataset: str,
    importer: str,
    options: Mapping[str, Any],
    annotated: bool,
    masks: bool = True,
    threads: int = 1,
) -> Checked:
    """The scans of a data set, with what is wrong with each. Raises DataError where they cannot be listed."""
    module = import_module(f"sadm.data.{importer}")
    scans = listing(importer, dataset, options, masks)
    known = module.demographics(options) if hasattr(module, "demographics") else {}
    described = [_described(scan, known.get(scan.subject, {})) for scan in scans]
    return Checked(read_all(described, annotated, threads, getattr(module, "FRACTIONAL", False)), set(known))


def _elsewhere(others: Mapping[str, Mapping[str, Any]], threads: int) -> dict[str, list[Problem]]:
    """The problems of ``others``, data sets that lie ready; those that the workflow makes are right, and may not be there yet."""
    found = {}
    for name, said in others.items():
        if makes(said["importer"]):
            continue
        try:
            findings = examined(name, **said, threads=threads).findings
            found[name] = [problem for each in findings for problem in each.problems]
        except SadmError as error:
            found[name] = [Problem(str(error.file), f"{error.what} {error.cause}", error.fix)]
    return {name: problems for name, problems in found.items() if problems}


def refusal(problems: Mapping[str, Sequence[Problem]], read: int, on_bad_file: str = "stop") -> DataError:
    """The error that lists all ``problems`` by data set; of the first ``read`` scans were read."""
    each = sorted({problem for found in problems.values() for problem in found})
    files = sorted({problem.file for problem in each})
    lines = "".join(f"\n    {file}: {cause}; fix: {fix}" for file, cause, fix in each)
    sets = f"data set{'s' * (len(problems) > 1)} {', '.join(map(repr, sorted(problems)))}"
    what = (
        f"{len(files)} files of {sets} cannot be used ({read} scans of {next(iter(problems))!r} were read)."
    )
    fix = "mend these files, each as its line says; nothing is trained before"
    if on_bad_file == "stop":
        fix += ". Or set cohort: {on_bad_file: exclude}: their scans are then left out, by name"
    return DataError(what, file=files[0] if len(files) == 1 else None, cause=lines, fix=fix)


def check(
    scans: Sequence[Scan], annotated: bool = False, threads: int = 1, fractional: bool = False
) -> list[Finding]:
    """What the files of ``scans`` hold (`read_all`). Raises one DataError for all files with a problem."""
    findings = read_all(scans, annotated, threads, fractional)
    if problems := [problem for each in findings for problem in each.problems]:
        raise refusal({scans[0].dataset: problems}, len(scans))
    return findings


def read_all(
    scans: Sequence[Scan], annotated: bool = False, threads: int = 1, fractional: bool = False
) -> list[Finding]:
    """Read every file of ``scans`` once, in ``threads`` threads; what is wrong is in the findings' problems.

    These are files that are missing, unreadable, truncated, not 3-D, empty, constant, NaN, of the future, no T1, on another
    grid than their T1, or a copy of another scan's T1, voxel for voxel or but for a scaling of its values; masks and labels that
    are none (of many values, or of fractions unless ``fractional``; beside the head); and missing labels if ``annotated``.
    """
    with ThreadPoolExecutor(threads) as pool:
        findings = list(pool.map(examine, scans, itertools.repeat(annotated), itertools.repeat(fractional)))
    by_t1 = {finding.scan.t1: finding for finding in findings}
    for problem in [*duplicates(findings), *copies(findings)]:
        by_t1[problem.file].problems.append(problem)
    return findings


def examine(scan: Scan, annotated: bool = False, fractional: bool = False) -> Finding:
    """Read the T1, brain mask and lesion label of ``scan``; what is wrong with each is in the finding's problems."""
    found = Finding(scan, problems=[*_from_the_future(scan)])
    t1, mask, lesion = (
        _load(path, found) if path else None for path in (scan.t1, scan.brain_mask, scan.lesion)
    )
    if t1 is not None:
        found.problems += [
            Problem(scan.t1, cause, fix) for cause, fix in _flaws(t1.get_fdata(dtype=np.float32))
        ]
        found.sha256, found.printed = fingerprint(t1), prints.print_of(t1)
        pairs = ((scan.brain_mask, mask, "brain mask"), (scan.lesion, lesion, "lesion label"))
        for path, image, what in pairs:
            if image is not None and (offset := grid_offset(t1, image)):
                found.problems.append(Problem(path, f"{what} on another grid than its T1: {offset}"))
            elif image is not None and (cause := _beside(t1, image, image is mask)):
                found.problems.append(Problem(path, f"{what} lies beside the head: {cause}"))
    for path, image in ((scan.brain_mask, mask), (scan.lesion, lesion)):
        if image is not None and (cause := _no_label(image.get_fdata(dtype=np.float32), fractional)):
            found.problems.append(Problem(path, f"is no mask: {cause}"))
    if mask is not None and not (mask.get_fdata(dtype=np.float32) > 0).any():
        found.problems.append(Problem(scan.brain_mask, "brain mask is empty"))
    if lesion is not None:
        found.lesion_ml = _volume(lesion)
    if annotated and not scan.lesion:
        found.problems.append(Problem(scan.t1, "has no lesion label, in a data set of annotated patients"))
    return found


def fingerprint(image: nib.Nifti1Image) -> str:
    """sha256 of the sorted non-zero float32 voxels: a copy in another axis order, mirrored or padded with zeros is the same."""
    data = image.get_fdata(dtype=np.float32).ravel()
    return hashlib.sha256(np.sort(data[data != 0]).data).hexdigest()


def grid_offset(one: nib.Nifti1Image, other: nib.Nifti1Image) -> str:
    """How the grids of two images differ, "" if they are the same: equal shape, corners less than TOLERANCE mm apart."""
    if one.shape != other.shape:
        return f"shape {other.shape}, not {one.shape}"
    corners = np.array([[*corner, 1] for corner in itertools.product(*((0, size - 1) for size in one.shape))])
    distance = np.linalg.norm((corners @ (one.affine - other.affine).T)[:, :3], axis=1).max()
    return f"its affine moves a corner by {distance:.3g} mm" if distance > TOLERANCE else ""


def duplicates(findings: Sequence[Finding]) -> list[Problem]:
    """A problem for each T1 whose voxels equal another's, of the same or of another subject."""
    groups = defaultdict(list)
    for finding in findings:
        if finding.sha256:
            groups[finding.sha256].append(finding.scan)
    return [
        Problem(scan.t1, f"same voxels as {', '.join(other.t1 for other in group if other is not scan)}", "keep one of them")
        for group in groups.values() if len(group) > 1 for scan in group
    ]  # fmt: skip


def copies(findings: Sequence[Finding]) -> Iterator[Problem]:
    """A problem for each T1 that is another one but for a scaling and a shift of its values."""
    sums = {finding.scan.t1: finding.sha256 for finding in findings}
    for one, other, found in prints.copies({finding.scan.t1: finding.printed for finding in findings}):
        if sums[one] != sums[other]:
            for path, twin in ((one, other), (other, one)):
                cause = f"the same head as {twin}, its values scaled or shifted (correlation {found:.5f})"
                yield Problem(path, cause, "keep one of them")


def _described(scan: Scan, known: Mapping[str, str]) -> Scan:
    """``scan`` with what the table knows of its subject; what the scan says of itself counts first."""
    return replace(
        scan, **{name: getattr(scan, name) or known.get(name, "") for name in ("age", "sex", "site")}
    )


def _from_the_future(scan: Scan) -> Iterator[Problem]:
    """Snakemake runs a job again whose input is newer than its result, and takes a result away that stays older."""
    for path in filter(os.path.exists, files_of(scan)):
        ahead = os.stat(path).st_mtime - time.time()
        if ahead > AHEAD:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() + ahead))
            yield Problem(path, f"its time lies ahead: {when}", "set it to now: touch FILE")


def _load(path: str, found: Finding) -> nib.Nifti1Image | None:
    try:
        return load_nifti(path)
    except DataError as error:
        found.problems.append(Problem(path, f"{error.what.rstrip('.')} ({error.cause})", error.fix))
        return None


def _flaws(data: np.ndarray) -> Iterator[tuple[str, str]]:
    """What is wrong with the voxels of a T1, and what to do."""
    if min(data.shape) < 2:
        yield f"not a volume: its shape is {data.shape}", REPLACE
    elif data.min() == data.max():
        yield (
            "empty: all voxels are 0" if not data.any() else f"constant: all voxels are {data.flat[0]:g}",
            REPLACE,
        )
    elif cause := no_intensities(data):
        yield cause, "name masks and labels by the options lesion and brain_mask, and narrow t1 to the T1s"


def _no_label(values: np.ndarray, fractional: bool) -> str:
    """Why ``values`` are not those of a mask, "" if they are."""
    inside = values[values != 0]
    if inside.size and inside.min() < 0:
        return f"values down to {inside.min():g}"
    if fractional or not inside.size:
        return ""
    if (off := np.abs(inside - inside.round()).max()) > WHOLE:
        return f"values between whole numbers, by up to {off:.2g}"
    count = len(np.unique(inside)) + 1
    return f"{count} values, more than {LABELS}" if count > LABELS else ""


def _beside(t1: nib.Nifti1Image, mask: nib.Nifti1Image, brain: bool) -> str:
    """Why ``mask``, on the grid of ``t1``, has nothing of the head in it, "" if it has or is empty.

    A lesion may be darker than the rest, but not 0; a ``brain`` is brighter than the mean, which has the air in it.
    """
    data, inside = t1.get_fdata(dtype=np.float32), mask.get_fdata(dtype=np.float32) > 0
    if not inside.any():
        return ""
    if not data[inside].any():
        return "the T1 is 0 in all of it"
    low = float(data.min())
    share = (data[inside].mean(dtype=np.float64) - low) / max(data.mean(dtype=np.float64) - low, 1e-9)
    return f"the T1 is {share:.0%} as bright in it as on average" if brain and share < DARK else ""


def _volume(label: nib.Nifti1Image) -> float:
    voxels = np.count_nonzero(label.get_fdata(dtype=np.float32) > 0)
    return float(voxels * abs(np.linalg.det(label.affine[:3, :3])) / 1000)


def _excluded(findings: Iterable[Finding]) -> Iterator[dict[str, str]]:
    for found in findings:
        scan = found.scan
        about = {"dataset": scan.dataset, "scan": scan.name, "subject": scan.subject, "session": scan.session}
        yield from (about | problem._asdict() for problem in found.problems)


def _print(found: Finding) -> dict[str, str]:
    scan = found.scan
    return {"dataset": scan.dataset, "scan": scan.name, "t1": scan.t1, "print": found.printed}


def _row(found: Finding) -> dict[str, str]:
    scan, ml = found.scan, found.lesion_ml
    values = vars(scan) | {
        "scan": scan.name,
        "sha256": found.sha256,
        "lesion_ml": "" if ml is None else f"{ml:.3f}",
    }
    return {column: values[column] for column in COLUMNS}
