"""Sections about the scans: what was excluded and why, the checks of every scan, their thumbnails."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sadm.data.base import scan_of
from sadm.report.blocks import Block, Body, Cell, Column, Gallery, Picture, Table, Words, from_rows
from sadm.report.lines import by, read_all
from sadm.runtime.files import read_table, real, whole

BUDGET = 5_000_000  # bytes of all thumbnails


def cohort_table(audit: str | Path, titles: Mapping[str, str]) -> Table:
    """Scans and subjects of each set of each data set, the range over the folds (``audit``: audit.tsv)."""
    found: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for line in read_table(audit):
        sets = found.setdefault(line["dataset"], {})
        sets.setdefault(line["set"], []).append((whole(line, "scans"), whole(line, "subjects")))
    names = [name for name in ("train", "val", "test") if any(name in sets for sets in found.values())]
    names += sorted({name for sets in found.values() for name in sets} - set(names))

    def cell(pairs: Sequence[tuple[int, int]]) -> Cell:
        if not pairs:
            return Cell("–")
        scans, subjects = ({pair[k] for pair in pairs} for k in (0, 1))
        text = " to ".join(str(n) for n in sorted({min(scans), max(scans)}))
        people = " to ".join(str(n) for n in sorted({min(subjects), max(subjects)}))
        return Cell(text, min(scans), f"{people} subject{'' if people == '1' else 's'}")

    columns = [Column("Data set"), *(Column(name, "scans", True) for name in names)]
    rows = [
        [Cell(titles.get(dataset, dataset), css="name"), *(cell(sets.get(name, [])) for name in names)]
        for dataset, sets in found.items()
    ]
    return Table("Scans by set, in each fold", columns, [Body(rows)])


def cohort_notes(notes: Iterable[str | Path], titles: Mapping[str, str]) -> Words:
    """What became of every image of each data set, and what else its check told (``notes``: tables of the data sets)."""
    said = [f"{titles.get(line['dataset'], line['dataset'])}: {line['note']}." for line in read_all(notes)]
    return Words(said, "Images, used and not", listed=True)


def exclusions(excluded: Iterable[str | Path], titles: Mapping[str, str]) -> Block:
    """The scans that failed a check, and why (``excluded``: excluded.tsv of the data sets)."""
    lines = [_scan(own, titles, reason=own["reasons"]) for own in read_all(excluded)]
    return from_rows(f"Excluded scans: {len(lines)}", lines) if lines else Words(["No scan was excluded."])


def unusual(scans: Iterable[str | Path], titles: Mapping[str, str]) -> Block:
    """The scans that were kept though something about them is unusual (``scans``: scans.tsv of the packed data sets)."""
    lines = [_scan(own, titles, unusual=own["unusual"]) for own in read_all(scans) if own.get("unusual")]
    none = Words(["No scan that was kept is unusual."])
    return from_rows(f"Unusual scans, kept: {len(lines)}", lines) if lines else none


def _scan(line: Mapping[str, str], titles: Mapping[str, str], **told: str) -> dict[str, str]:
    return {"data set": titles.get(line["dataset"], line["dataset"]), "scan": line["scan"], **told}


def scan_tables(checks: Iterable[str | Path], titles: Mapping[str, str]) -> list[Block]:
    """One table a data set with the checks of every scan, whatever columns there are (``checks``: tables of the data sets).

    A column without a word or number in any scan is left out, and so are lesions where no scan is labelled.
    """
    blocks: list[Block] = []
    for name, lines in by("dataset", read_all(checks)).items():
        caption = f"{titles.get(name, name)}: {len(lines)} scans"
        labelled = any(line.get("labelled") not in (None, "", "0") for line in lines)
        silent = {column: "" for column in lines[0] if not any(line[column] for line in lines)}
        lesions = {} if labelled else dict.fromkeys(("labelled", "lesion_ml", "lesion_ml_prepared"), "")
        same = {"complete": ""} if all(line.get("complete") == "True" for line in lines) else {}
        blocks.append(from_rows(caption, lines, folded=True, dataset="", **silent, **lesions, **same))
    return blocks


def pictured(pictures: Iterable[str | Path]) -> dict[tuple[str, str], str | Path]:
    """``pictures`` of scans by data set, the folder that their subject's lies in, and scan."""
    found = {}
    for file in pictures:
        scan, parts = scan_of(file), Path(file).parts
        found[parts[parts.index(scan.partition("_")[0]) - 1], scan] = file
    return found


def thumbnails(
    checks: Iterable[str | Path],
    pictures: Mapping[tuple[str, str], str | Path],
    titles: Mapping[str, str],
    budget: float = BUDGET,
) -> list[Block]:
    """A picture of every scan, those that failed first, then unusual ones, then by overlap with the template; as many as ``budget`` bytes hold.

    ``checks``: tables with dataset, scan, and passed, reasons, unusual, overlap where known; ``pictures``: {(data set, scan): png}. A
    scan on which a step failed has none.
    """
    listed = [
        (
            (line.get("passed", "1").lower() not in ("0", "false"), not line.get("unusual")),
            real(line, "overlap") if line.get("overlap") else 1.0,
            line["dataset"],
            line,
        )
        for line in read_all(checks)
        if (line["dataset"], line["scan"]) in pictures and line.get("complete") != "False"
    ]
    listed.sort(key=lambda each: (each[0], each[1], each[2], each[3]["scan"]))
    shown, size = [], 0
    for (passed, usual), overlap, name, line in listed:
        content = Path(pictures[name, line["scan"]])
        size += content.stat().st_size
        if size > budget:
            break
        state = f"overlap {overlap:.3f}" if usual else f"unusual: {line['unusual']}"
        state = state if passed else f"unusable: {line.get('reasons', '')}"
        text = f"{titles.get(name, name)}, {line['scan']}: {state}"
        alt = f"Quality check of {line['scan']} of {titles.get(name, name)}"
        shown.append(Picture.read(content, alt, text))
    if not shown:
        return []
    left = len(listed) - len(shown)
    notes = (
        [f"{left} more scans are not shown here; their pictures lie beside their volumes."] if left else []
    )
    return [Gallery(shown, notes)]
