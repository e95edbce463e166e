"""Age, sex and site of subjects, from tables: each value is right, or left out and told."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sadm.data.subject_tables import Sheet, read_sheet

YEARS, MONTHS, WEEKS, DAYS = 1.0, 1 / 12, 7 / 365.25, 1 / 365.25
# Of an age, in years.
UNITS = {
    **dict.fromkeys(("", "y", "yr", "yrs", "year", "years", "yo", "a"), YEARS),
    **dict.fromkeys(("m", "mo", "mos", "month", "months"), MONTHS),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), WEEKS),
    **dict.fromkeys(("d", "day", "days"), DAYS),
}
AGE = re.compile(
    r"age(?: ?(?:at|@) ?(?:the )?(?:scan|mri|visit|session|baseline))?(?:(?: (?:in )?| ?[(\[])([a-z]+)[)\]]?)?"
)
NUMBER = re.compile(r"(?:>=|>|≥|~)?\s*0*([0-9]{1,5}(?:[.,][0-9]+)?)\s*\+?\s*([a-z]*)\.?")
SEX = re.compile(r"(?:sex|gender)(?:[ _]?(?:id|code|mf))?(?:\W.*)?")
CODES = re.compile(r"([0-9]+)\s*[=:]\s*([a-z]+)")  # in a column's name: (1=m, 2=f)
MALE = {"m", "male", "man", "boy", "masculine", "männlich", "maennlich", "homme", "hombre"}
FEMALE = {"f", "female", "woman", "girl", "feminine", "weiblich", "w", "femme", "mujer"}
UNKNOWN = {
    "",
    "n/a",
    "na",
    "nan",
    "none",
    "null",
    "unknown",
    "missing",
    "not available",
    "#n/a",
    ".",
    "-",
    "--",
    "?",
    "o",
    "other",
}
OLDEST = 130
SHOWN = 5  # values or names that a note shows
Code = TypeVar("Code")  # how a column writes its values


class People(dict[str, dict[str, str]]):
    """Age, sex and site by subject; ``notes``: what of the tables is left out, a sentence each."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []


def people(
    tables: Iterable[str], subject: Sequence[str], identify: Callable[[str], str], site: Sequence[str] = ()
) -> People:
    """Age in years, sex (M, F) and site of each subject, from ``tables`` (csv, tsv, xls, xlsx), with notes on what is left out.

    ``subject`` and ``site``: lower-case names of the columns to look in, the first that exists counts; ``identify``
    makes a subject's id of a cell ("" skips the row). Where rows or columns of one subject differ (IXI.xls has such), the
    value stays "". Units and codes are those of the table's sidecar, or of the column's name. Raises DataError if a table
    cannot be read, has no column of subjects, or lines with more or fewer cells than its head.
    """
    seen: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    found = People()
    for path in tables:
        sheet = read_sheet(path, subject)
        columns = {
            "age": _ages(sheet, found.notes),
            "sex": _sexes(sheet, found.notes),
            "site": _sites(sheet, site),
        }
        for field, values in columns.items():
            for row, own in zip(sheet.rows, values, strict=True):
                if who := identify(row[sheet.subject]):
                    seen[who][field].update(own)
    found.update(
        {who: {field: _agreed(own) for field, own in fields.items()} for who, fields in seen.items()}
    )
    for field in ("age", "sex", "site"):
        if differ := [who for who, fields in seen.items() if len(fields[field] - {""}) > 1]:
            found.notes.append(
                f"{field}: left out of {len(differ)} subjects whose rows or columns differ: {_listed(differ)}"
            )
    return found


def described(sheet: Sheet, notes: list[str]) -> list[dict[str, str]]:
    """Age in years and sex of each row of ``sheet``, "" where they are not known; what is left out is added to ``notes``."""
    ages, sexes = _ages(sheet, notes), _sexes(sheet, notes)
    return [{"age": _agreed(age), "sex": _agreed(sex)} for age, sex in zip(ages, sexes, strict=True)]


class Matched(NamedTuple):
    """The ``rows`` by subject, the ids of the table's rows that are of no subject here, and a ``note`` on subjects without a row."""

    rows: dict[str, dict[str, str]]
    strangers: set[str]
    note: str


def matched(known: Mapping[str, dict[str, str]], subjects: Iterable[str]) -> Matched:
    """The rows of ``subjects`` of a table that was read.

    An id that is not there as written is found by case, leading zeros and separators alone, where that is unique on both sides.
    """
    asked = sorted(set(subjects))
    mine, theirs = Counter(map(_plain, asked)), Counter(map(_plain, known))
    by_plain = {_plain(who): who for who in known}
    ids = {}
    for who in asked:
        plain = _plain(who)
        if who in known or mine[plain] == theirs[plain] == 1:
            ids[who] = who if who in known else by_plain[plain]
    lacking = [who for who in asked if who not in ids]
    told = known and lacking
    note = (
        f"{len(lacking)} of {len(asked)} subjects have no row in the table of subjects: {_listed(lacking)}"
        if told
        else ""
    )
    return Matched({who: known[row] for who, row in ids.items()}, set(known) - set(ids.values()), note)


def _plain(who: str) -> str:
    parts = re.findall(r"[^\W\d_]+|[0-9]+", unicodedata.normalize("NFC", who).lower().removeprefix("sub-"))
    return " ".join(part.lstrip("0") or "0" for part in parts)


def _listed(values: Sequence[str]) -> str:
    rest = len(values) - SHOWN
    return ", ".join(values[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _agreed(values: set[str]) -> str:
    known = values - {""}
    return known.pop() if len(known) == 1 else ""


def _ages(sheet: Sheet, notes: list[str]) -> list[set[str]]:
    """The ages in years of each row, one a column of ages."""
    ages, lost = _values(sheet, {n: _unit(sheet, n) for n in _called(sheet, AGE)}, _age)
    if lost:
        fix = 'months and days are told by the sidecar: {"age": {"Units": "months"}}'
        notes.append(
            f"{sheet.path}: {len(lost)} ages are no age in years up to {OLDEST} and left out: {_listed(lost)} ({fix})"
        )
    return ages


def _values(
    sheet: Sheet, codes: Mapping[int, Code], read: Callable[[str, Code], str]
) -> tuple[list[set[str]], list[str]]:
    """What ``read`` makes of each row's cells in the columns of ``codes``, and the known cells that it makes nothing of."""
    made = [[(row[n], read(row[n], code)) for n, code in codes.items()] for row in sheet.rows]
    lost = [cell for row in made for cell, value in row if not value and not _missing(cell)]
    return [{value for _, value in row} for row in made], lost


def _called(sheet: Sheet, pattern: re.Pattern[str]) -> list[int]:
    """The columns whose name is the first that fits ``pattern``, which may be there in several letter cases."""
    fits = [name for name in sheet.names if pattern.fullmatch(name.replace("_", " "))]
    fits.sort(key=len)
    return sheet.columns(fits[:1])


def _unit(sheet: Sheet, column: int) -> float | None:
    """Years in the unit of a column of ages; None if it is none that is known."""
    name = sheet.names[column]
    match = AGE.fullmatch(name.replace("_", " "))
    said = sheet.about.get(name, {}).get("Units") or (match[1] if match else "") or ""
    return UNITS.get(str(said).strip().lower())


def _age(cell: str, unit: float | None) -> str:
    found = NUMBER.fullmatch(cell.strip().lower())
    if not found or unit is None:
        return ""
    own = UNITS.get(found[2])
    years = float(found[1].replace(",", ".")) * (own if own and found[2] else unit) if own else 0.0
    return f"{years:g}" if 0 < years < OLDEST else ""


def _missing(cell: str) -> bool:
    return cell.strip().lower() in UNKNOWN


def _sexes(sheet: Sheet, notes: list[str]) -> list[set[str]]:
    """The sexes of each row, one a column of sexes."""
    sexes, lost = _values(sheet, {n: _levels(sheet, n) for n in _called(sheet, SEX)}, _sex)
    if lost:
        fix = 'codes are told by the sidecar: {"sex": {"Levels": {"1": "male", "2": "female"}}}'
        cells = _listed(sorted(set(lost)))
        notes.append(f"{sheet.path}: values of sex that are not known and left out: {cells} ({fix})")
    return sexes


def _levels(sheet: Sheet, column: int) -> dict[str, str]:
    """What the codes of a column stand for, by its name or the sidecar."""
    name = sheet.names[column]
    said: Any = sheet.about.get(name, {}).get("Levels")
    levels = said.items() if isinstance(said, dict) else ()
    told = {
        str(code).lower(): each.get("Description", "") if isinstance(each, dict) else each
        for code, each in levels
    }
    return dict(CODES.findall(name)) | {code: str(text).strip().lower() for code, text in told.items()}


def _sex(cell: str, codes: Mapping[str, str]) -> str:
    value = cell.strip().lower()
    value = value.removesuffix(".0") if value.removesuffix(".0").isdecimal() else value
    value = codes.get(value, value)
    return "M" if value in MALE else "F" if value in FEMALE else ""


def _sites(sheet: Sheet, names: Sequence[str]) -> list[set[str]]:
    columns = sheet.columns(names)
    return [{"" if _missing(row[n]) else row[n] for n in columns} for row in sheet.rows]
