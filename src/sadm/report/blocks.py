"""What a section of the report is made of; the template has one macro a kind of block."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

MEDIA = {".svg": "image/svg+xml", ".png": "image/png"}


def data_uri(content: bytes, suffix: str) -> str:
    """``content`` of a .svg or .png file as an address that needs no request."""
    return f"data:{MEDIA[suffix]};base64,{base64.b64encode(content).decode('ascii')}"


@dataclass(frozen=True)
class Cell:
    """A cell: printed text, value to sort by, a second smaller line, CSS classes, a bar of 0 ... 1 behind it, and a hint."""

    text: str
    value: float | str | None = None
    small: str = ""
    css: str = ""
    share: float | None = None
    hint: str = ""


@dataclass(frozen=True)
class Column:
    """A column: title, unit, whether it holds numbers, and the head over several columns that it belongs to."""

    title: str
    unit: str = ""
    numeric: bool = False
    over: str = ""


@dataclass(frozen=True)
class Body:
    """Rows of a table that stay together when it is sorted, under a title."""

    rows: Sequence[Sequence[Cell]]
    title: str = ""
    css: str = ""


@dataclass(frozen=True)
class Table:
    """A table that sorts; ``folded`` hides it behind its caption; ``picks``: by what it is chosen from its like, {head: value}."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    bodies: Sequence[Body]
    notes: Sequence[str] = ()
    folded: bool = False
    picks: Mapping[str, str] = field(default_factory=dict)

    @property
    def dense(self) -> bool:
        """Whether there are so many columns that each must be narrow."""
        return len(self.columns) > 12

    @property
    def overs(self) -> list[tuple[str, int]]:
        """The heads over the columns and how many columns each spans; none if no column has one."""
        runs: list[tuple[str, int]] = []
        for column in self.columns:
            if runs and runs[-1][0] == column.over:
                runs[-1] = (column.over, runs[-1][1] + 1)
            else:
                runs.append((column.over, 1))
        return runs if any(column.over for column in self.columns) else []


@dataclass(frozen=True)
class Picture:
    """A figure: its address, what it shows for those who do not see it, its caption, and what to see (``see``)."""

    kind: ClassVar[str] = "picture"
    source: str
    alt: str
    caption: str
    see: str = ""

    @classmethod
    def read(cls, file: str | Path, alt: str, caption: str, see: str = "") -> "Picture":
        """A .svg or .png file."""
        return cls(data_uri(Path(file).read_bytes(), Path(file).suffix), alt, caption, see)


@dataclass(frozen=True)
class Gallery:
    """Small pictures side by side; ``notes`` below."""

    kind: ClassVar[str] = "gallery"
    pictures: Sequence[Picture]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    kind: ClassVar[str] = "facts"
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Words:
    """Paragraphs or, with ``listed``, a list; ``quoted``: a text to copy; ``picks`` as of `Table`."""

    kind: ClassVar[str] = "words"
    paragraphs: Sequence[str]
    title: str = ""
    listed: bool = False
    quoted: bool = False
    picks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """Literal text behind its caption."""

    kind: ClassVar[str] = "code"
    caption: str
    text: str


@dataclass(frozen=True)
class Viewer:
    """Cases to scroll through: their stills, and the volumes for the script."""

    kind: ClassVar[str] = "viewer"
    cases: Sequence[dict[str, Any]]
    data: dict[str, Any]
    groups: Sequence[str] = field(default_factory=list)


@dataclass(frozen=True)
class Mark:
    """A line of a forest plot: name, mean and interval in percent, CSS class, and what is said of it."""

    name: str
    mean: float
    low: float | None
    high: float | None
    css: str
    hint: str


@dataclass(frozen=True)
class Panel:
    """A test set in a forest plot: its title, its lines, and the value of the reference line with its name."""

    title: str
    marks: Sequence[Mark]
    floor: float | None
    floor_name: str


@dataclass(frozen=True)
class Forest:
    """Means and intervals of all rows by test set, on an axis from 0 to ``top`` percent with ``ticks``; ``see``: what to see."""

    kind: ClassVar[str] = "forest"
    caption: str
    panels: Sequence[Panel]
    top: float
    ticks: Sequence[float]
    see: str
    picks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Label:
    """A method in a diagram of ranks: its name and mean rank, and where its text stands: x, y and side of the end of its line."""

    name: str
    rank: float
    at: float
    x: float
    y: float
    left: bool


@dataclass(frozen=True)
class Ranks:
    """A critical-difference diagram in units of its viewBox: axis, labels, and bars (x from, x to, y) that join what does not differ."""

    kind: ClassVar[str] = "ranks"
    caption: str
    width: float
    height: float
    axis: Sequence[tuple[float, int]]
    labels: Sequence[Label]
    bars: Sequence[tuple[float, float, float]]
    critical: tuple[float, float, str]
    see: str
    picks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """One of several things at a time, chosen by buttons: ``picks``, each head with its values, and what stands at each choice."""

    kind: ClassVar[str] = "choice"
    picks: Mapping[str, Sequence[str]]
    panels: Sequence[tuple[Mapping[str, str], Sequence["Block"]]]


Block = Forest | Ranks | Choice | Table | Picture | Gallery | Facts | Words | Code | Viewer


def number(text: str) -> float | None:
    """``text`` as a finite number, None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def printed(text: str) -> str:
    """A cell of a tsv file for reading: numbers with four digits at most, the rest as it is."""
    value = number(text)
    if value is None:
        return "–" if text in ("", "nan") else text
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def from_rows(caption: str, rows: Iterable[dict[str, str]], folded: bool = False, **titles: str) -> Table:
    """A table of all columns of ``rows``, as they are; ``titles`` renames columns, "" leaves one out."""
    lines = list(rows)
    names = [name for name in (lines[0] if lines else {}) if titles.get(name, name)]
    numeric = {
        name: any(number(line[name]) is not None for line in lines)
        and all(number(line[name]) is not None or line[name] in ("", "nan") for line in lines)
        for name in names
    }
    columns = [Column(titles.get(name, name.replace("_", " ")), numeric=numeric[name]) for name in names]
    cells = [
        [Cell(printed(line[name]), number(line[name]) if numeric[name] else line[name]) for name in names]
        for line in lines
    ]
    return Table(caption, columns, [Body(cells)], folded=folded)
