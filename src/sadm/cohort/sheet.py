"""The cohort check: every file of a data set is read once, all problems are reported together, the sheet is written."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from sadm.cohort import sri24
from sadm.cohort.examine import Finding, Problem, copies, duplicates, examine, shared_labels
from sadm.cohort.unlabelled import sort_out
from sadm.data import account
from sadm.data.base import Scan, files_of, listing, makes
from sadm.data.subjects import People, matched
from sadm.runtime.errors import DataError, SadmError
from sadm.runtime.files import write_table

COLUMNS = (
    "dataset", "subject", "session", "scan", "t1", "brain_mask", "lesion", "age", "sex", "site", "sha256", "lesion_ml"
)  # fmt: skip
EXCLUDED = ("dataset", "scan", "subject", "session", "file", "cause", "fix")
NOTES = ("dataset", "note")
NO_LABEL = "no lesion label"
PRINTS = ("dataset", "scan", "t1", "print")


class Checked(NamedTuple):
    """The scans of a data set, each with what its files hold; ``known``: the subjects that the tables beside the images know;
    ``left``: scans of patients that are left out as they have no label; ``notes`` on labels and tables, a sentence each."""

    findings: list[Finding]
    known: set[str]
    left: list[Scan]
    notes: list[str]


def cohort(
    dataset: str,
    importer: str,
    options: Mapping[str, Any],
    annotated: bool,
    out: str | Path,
    threads: int = 1,
    *,
    masks: bool = True,
    missing: str = "stop",
    on_bad_file: str = "stop",
    others: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Check the data set that ``importer`` lists with ``options`` and write its sheet, a row a scan, to ``out`` (tsv).

    Beside it go (`beside`) the account of every image, what is to be known of the data set, the sheet of the excluded scans,
    and the prints of all others.
    ``annotated``: its scans are of patients; what becomes of those without a lesion label says ``missing``
    (`sadm.cohort.unlabelled.sort_out`). Without ``masks`` no step uses brain masks, and none is read. With ``on_bad_file``
    "stop" it raises DataError that lists every file with a problem, also those of ``others``, the study's other data sets
    ({name: importer, options, annotated, masks, missing}); with "exclude" scans with such a file are left out.
    """
    read = examined(dataset, importer, options, annotated, masks, missing, threads)
    bad = {each.scan.name: each.problems for each in read.findings if each.problems}
    if bad and (on_bad_file == "stop" or len(bad) == len(read.findings)):
        problems = {dataset: [problem for found in bad.values() for problem in found]}
        problems |= _elsewhere(others or {}, threads)
        raise refusal(problems, len(read.findings), on_bad_file)
    kept = [each for each in read.findings if each.scan.name not in bad]
    root = f"{options['path']}/"  # a report tells no place on this machine
    causes = {n: f"{Path(p[0].file).name}: {p[0].cause}".replace(root, "") for n, p in bad.items()}
    scans = [*(each.scan for each in read.findings), *read.left]
    causes |= {scan.name: NO_LABEL for scan in read.left}
    files = account.account(importer, dataset, options, scans, causes, read.known)
    write_table(_excluded(read), EXCLUDED, beside(out, "excluded"))
    write_table(files.rows, account.COLUMNS, beside(out, "files"))
    write_table(map(_print, kept), PRINTS, beside(out, "prints"))
    write_table(map(_row, kept), COLUMNS, out)
    notes = [files.line, *_notes(kept, causes), *read.notes, *files.notes]
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
    missing: str = "stop",
    threads: int = 1,
) -> Checked:
    """The scans of a data set, with what is wrong with each. Raises DataError where they cannot be listed."""
    module = import_module(f"sadm.data.{importer}")
    scans = listing(importer, dataset, options, masks)
    sorted_out = sort_out(scans, options, missing if annotated else "")
    people = module.demographics(options) if hasattr(module, "demographics") else People()
    own = matched(people, [scan.subject for scan in sorted_out.kept])
    described = [_described(scan, own.rows.get(scan.subject, {})) for scan in sorted_out.kept]
    findings = read_all(described, threads, getattr(module, "FRACTIONAL", False), sorted_out.problems)
    sri24.problems(importer, options, findings)
    labels = [] if makes(importer) else sorted_out.notes  # no doubt about files that the workflow made
    notes = [*labels, *people.notes, *[own.note] * bool(own.note), *_shared(findings)]
    notes += [*sri24.notes(importer, options, findings), *_told(findings)]
    return Checked(findings, own.strangers | set(own.rows), sorted_out.left, notes)


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    """What the forms of the T1s leave open, a sentence a kind."""
    by_kind = defaultdict(list)
    for each in findings:
        by_kind[each.told].append(each.scan.name)
    yield from (f"{account.several(names)}: {told}" for told, names in by_kind.items() if told)


def _shared(findings: Sequence[Finding]) -> Iterator[str]:
    for group in shared_labels(findings):
        yield f"one lesion label for several subjects: {', '.join(each.scan.lesion for each in group)}"


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


def check(scans: Sequence[Scan], threads: int = 1, fractional: bool = False) -> list[Finding]:
    """What the files of ``scans`` hold (`read_all`). Raises one DataError for all files with a problem."""
    findings = read_all(scans, threads, fractional)
    if problems := [problem for each in findings for problem in each.problems]:
        raise refusal({scans[0].dataset: problems}, len(scans))
    return findings


def read_all(
    scans: Sequence[Scan], threads: int = 1, fractional: bool = False, problems: Sequence[Problem] = ()
) -> list[Finding]:
    """Read every file of ``scans`` once, in ``threads`` threads; what is wrong is in the findings' problems.

    These are files that are missing, unreadable, truncated, not 3-D, empty, constant, NaN, of the future, no T1, of no head's
    field of view, on another grid than their T1, or a copy of another scan's T1, voxel for voxel or but for a scaling of its
    values; masks and labels that are none (of many values, or of fractions unless ``fractional``; beside the head, of a background
    that is not 0, too large for a lesion, of several scans); and the ``problems`` that are known already.
    """
    with ThreadPoolExecutor(threads) as pool:
        findings = list(pool.map(examine, scans, itertools.repeat(fractional)))
    of_file = defaultdict(list)
    for finding in findings:
        for file in files_of(finding.scan):
            of_file[file].append(finding)
    for problem in [*problems, *duplicates(findings), *copies(findings)]:
        for finding in of_file[problem.file]:
            finding.problems.append(problem)
    return findings


def _described(scan: Scan, known: Mapping[str, str]) -> Scan:
    """``scan`` with what the table knows of its subject; what the scan says of itself counts first."""
    return replace(
        scan, **{name: getattr(scan, name) or known.get(name, "") for name in ("age", "sex", "site")}
    )


def _excluded(read: Checked) -> Iterator[dict[str, str]]:
    """A row for each problem of each scan that is left out."""
    unlabelled = [(scan, [Problem(scan.t1, NO_LABEL, "")]) for scan in read.left]
    for scan, problems in [*((found.scan, found.problems) for found in read.findings), *unlabelled]:
        about = {"dataset": scan.dataset, "scan": scan.name, "subject": scan.subject, "session": scan.session}
        yield from (about | problem._asdict() for problem in problems)


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
