"""Table 1 and the paired differences as Markdown and LaTeX."""

from collections.abc import Mapping, Sequence
from itertools import groupby, product

import pandas as pd

from sadm.statistics.marks import Line, number
from sadm.statistics.means import METRICS
from sadm.study.layout import Layout

SIGNS = {"†": r"$\dagger$", "‡": r"$\ddagger$", "▽": r"$\nabla$", "π": r"$\pi$", "±": r"$\pm$", "−": "$-$"}
MINUS = str.maketrans("-", "−")
Cells = Mapping[str, Sequence[str]]


def names(table: pd.DataFrame, layout: Layout) -> dict[str, str]:
    """The head of each test set: its title and number of test subjects."""
    counts = {testset: int(table[f"{testset}_dice_subjects"].max()) for testset in layout.testsets}
    return {testset: f"{layout.titles[testset]} (n = {count})" for testset, count in counts.items()}


def body(table: pd.DataFrame, layout: Layout, shown: str, bold: str) -> dict[str, list[str]]:
    """Cells of each row as printed: method, healthy, unhealthy, then DICE and AUPRC of each test set, empty for NaN.

    ``shown``: "deviation" or "interval" stands beside the mean; ``bold`` is the template of the best methods' cells.
    """
    cells = {row: layout.heads(row) for row in layout.all_rows}
    lines = table.set_index("row")
    for column in (f"{testset}_{metric}" for testset, metric in product(layout.testsets, METRICS)):
        best = lines.loc[lines["kind"] == "method", f"{column}_mean"].max()
        for row, line in lines.iterrows():
            mean, beside = line[f"{column}_mean"], ""
            low, high, std = (line[f"{column}_{end}"] for end in ("ci_low", "ci_high", "std"))
            if shown == "interval" and pd.notna(low):
                beside = f" [{low:.1f}, {high:.1f}]"
            elif shown == "deviation" and pd.notna(std):
                beside = f" ± {std:.2f}"
            text = "" if pd.isna(mean) else f"{mean:.2f}{beside}"
            text = bold.format(text) if line["kind"] == "method" and mean == best else text
            cells[str(row)].append(f"{text} {line[f'{column}_marks']}".strip())
    return cells


def differences(claims: Sequence[Line], layout: Layout) -> dict[tuple[str, str], list[str]]:
    """Cells of each paired difference by claim and row: what is compared, then points of DICE and AUPRC with intervals on each test set."""
    cells: dict[tuple[str, str], list[str]] = {}
    columns = list(product(layout.testsets, METRICS))
    for line in claims:
        if (line["testset"], line["metric"]) in columns:
            against = "best trivial score" if line["claim"] == "trivial" else line["against"]
            key = (line["claim"], f"{line['row']} − {against}")
            own = cells.setdefault(key, [key[1], *[""] * len(columns)])
            # Plus zero, so that what rounds to zero has no minus.
            values = [
                round(100 * number(line[name]), 1) + 0.0 for name in ("difference", "ci_low", "ci_high")
            ]
            if values[0] == values[0]:
                span = f" [{values[1]:.1f}, {values[2]:.1f}]" if values[1] == values[1] else ""
                point = f"{values[0]:+.1f}" if values[0] else "0.0"
                text = f"{point}{span}".translate(MINUS)
                own[1 + columns.index((line["testset"], line["metric"]))] = text
    return cells


def markdown(table: pd.DataFrame, claims: Sequence[Line], layout: Layout, shown: str, notes: Sequence[str]) -> str:  # fmt: skip
    """The table, its notes and the paired differences as Markdown."""
    heads = [f"{name} {m.upper()}" for name, m in product(names(table, layout).values(), METRICS)]
    first = ["Method", "Healthy training data", "Unhealthy training data"]
    cells = body(table, layout, shown, "**{}**")
    mark = ["*trivial scores*"] + [""] * (len(heads) + 2)
    lines = [[*first, *heads], ["---"] * 3 + ["---:"] * len(heads), *(cells[row] for row in layout.rows)]
    lines += [mark, *([f"*{cells[row][0]}*", *cells[row][1:]] for row in layout.trivial)]
    parts = [_piped(lines), "\n".join(f"- {note}" for note in notes)]
    if found := differences(claims, layout):
        beside = [["Paired difference, points", *heads], ["---"] + ["---:"] * len(heads), *found.values()]
        parts += ["Paired differences of the claims fixed beforehand, with 95 % intervals over subjects:", _piped(beside)]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _piped(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """``text`` for a cell of Markdown: one line, no further column, no raw HTML."""
    return " ".join(text.split()).replace("|", r"\|").replace("<", "&lt;")


WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def escape(text: str) -> str:
    """``text`` for LaTeX."""
    return "".join("\\" + c if c in "_%&#${}" else WORDS.get(c) or SIGNS.get(c, c) for c in text)


def printed(cell: str) -> str:
    """A number's cell for LaTeX: bold and signs."""
    return "".join(SIGNS.get(c, c) for c in cell)


def latex(table: pd.DataFrame, claims: Sequence[Line], layout: Layout, shown: str, notes: Sequence[str]) -> str:  # fmt: skip
    """The table, its notes below it, and the paired differences as LaTeX (needs the package booktabs)."""
    cells = body(table, layout, shown, r"\textbf{{{}}}")
    lines = []
    groups = [
        (layout.unhealthy(row) if row in layout.rows else "trivial scores", row) for row in layout.all_rows
    ]
    for group, rows in groupby(groups, key=lambda pair: pair[0]):
        lines += [r"\midrule"]
        if group == "trivial scores":
            lines.append(rf"\multicolumn{{{3 + 2 * len(layout.testsets)}}}{{l}}{{\emph{{{group}}}}} \\")
        for _, row in rows:
            lines.append(" & ".join([*map(escape, cells[row][:3]), *map(printed, cells[row][3:])]) + r" \\")
    over = list(map(escape, names(table, layout).values()))
    made = _tabular([r"Method & \multicolumn{2}{c}{Training data}", " & healthy & unhealthy"], over, lines, 3)
    texts = [_float(made, notes[0] + " " + notes[1], notes[2:])]
    if found := differences(claims, layout):
        lines = [
            r"\midrule",
            *(" & ".join([escape(c[0]), *map(printed, c[1:])]) + r" \\" for c in found.values()),
        ]
        made = _tabular(["Paired difference, points", ""], over, lines, 1)
        texts.append(_float(made, "Paired differences of the claims fixed beforehand, with 95 % intervals over subjects.", ()))  # fmt: skip
    return "\n".join(texts)


def _tabular(heads: Sequence[str], over: Sequence[str], lines: Sequence[str], first: int) -> list[str]:
    """A tabular with ``first`` columns of text, then two below each of ``over``; ``heads``: those of the text in both lines."""
    spans = "".join(rf"\cmidrule(lr){{{k}-{k + 1}}}" for k in range(first + 1, first + 1 + 2 * len(over), 2))
    own = rf"\cmidrule(lr){{2-{first}}}" if first > 1 else ""
    wide = [rf"\multicolumn{{2}}{{c}}{{{name}}}" for name in over]
    return [
        r"\begin{tabular}{" + "l" * first + "r" * 2 * len(over) + "}",
        r"\toprule",
        " & ".join([heads[0], *wide]) + r" \\",
        own + spans,
        " & ".join([heads[1], *["DICE", "AUPRC"] * len(over)]) + r" \\",
        *lines,
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _float(tabular: Sequence[str], caption: str, notes: Sequence[str]) -> str:
    """A table that floats, as wide as the text: caption, tabular, notes in small print."""
    small = (
        [r"\par\medskip\raggedright\footnotesize", *(escape(note) + r"\par" for note in notes)]
        if notes
        else []
    )
    lines = [r"\begin{table}", r"\centering", r"\small", rf"\caption{{{escape(caption)}}}", *tabular, *small]
    return "\n".join([*lines, r"\end{table}"]) + "\n"
