"""A picture of the best, the median and the worst case of a test set: input, reconstruction, maps, label.

Axial slices in radiological orientation: the patient's right is on the left of the picture, anterior on top.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sadm.errors import DataError
from sadm.io import atomic
from sadm.maps import as_volume, read_maps, tested
from sadm.packed import load_packed
from sadm.score import fuse

PAPER, INK, FAINT, LABEL, FOUND = "#0d0f14", "#eceff4", "#8a93a6", "#3ddbd9", "#ffffff"
PANEL, MARGIN, BAR = 2.15, 1.25, 0.62  # inches: edge of a panel, left column of text, colour bars


@dataclass(frozen=True)
class Case:
    """One volume to show: ``name`` of the case, scan, index among the test scans, dice, auprc, threshold."""

    name: str
    scan: str
    index: int
    dice: float
    auprc: float
    threshold: float


@dataclass(frozen=True)
class Column:
    """One column: its title, a slice [X, Y] a case, colour map and upper end of the colour scale (the lower is 0)."""

    title: str
    slices: list[np.ndarray]
    colours: str
    top: float


def pick_cases(scores: str | Path) -> list[Case]:
    """Best, median and worst volume by Dice of a file of scores (fewer if there are fewer volumes with a label).

    Raises DataError if no volume has a label.
    """
    with open(scores, newline="", encoding="utf-8") as stream:
        rows = list(enumerate(csv.DictReader(stream, delimiter="\t")))
    ranked = sorted(
        (r for r in rows if int(r[1]["empty"]) == 0), key=lambda r: (-float(r[1]["dice"]), r[1]["scan"])
    )
    if not ranked:
        raise DataError(
            "No test volume has a label to show.",
            file=scores,
            cause="all labels are empty",
            fix="check the label files",
        )
    places = {"best": 0, "median": len(ranked) // 2, "worst": len(ranked) - 1}
    shown = {place: name for name, place in reversed(places.items())}
    picked = [(shown[place], *ranked[place]) for place in sorted(shown)]
    numbers = ("dice", "auprc", "threshold")
    return [Case(name, row["scan"], index, *(float(row[n]) for n in numbers)) for name, index, row in picked]


def radiological(axial: np.ndarray) -> np.ndarray:
    """A slice [X, Y] (x to the patient's right, y to anterior) as rows of an image: anterior on top, right on the left."""
    return axial.T[::-1, ::-1]


def frame(brains: Sequence[np.ndarray], pad: int = 2) -> tuple[slice, slice]:
    """The square part of the plane [X, Y] that holds the brain in all ``brains`` [D, X, Y], with ``pad`` voxels around."""
    plane = np.any([brain.any(axis=0) for brain in brains], axis=0)
    ends = [np.flatnonzero(plane.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    size = min(max(high - low for low, high in ends) + 1 + 2 * pad, *plane.shape)
    starts = [
        int(np.clip((low + high + 1 - size) // 2, 0, n - size)) for (low, high), n in zip(ends, plane.shape)
    ]
    return slice(starts[0], starts[0] + size), slice(starts[1], starts[1] + size)


def _panel(axes: Axes, column: Column, row: int, label: np.ndarray) -> None:
    axes.imshow(
        radiological(column.slices[row]),
        cmap=column.colours,
        vmin=0,
        vmax=column.top,
        interpolation="nearest",
    )
    axes.contour(radiological(label), levels=[0.5], colors=LABEL, linewidths=1.1)
    for x, side in ((0.03, "R"), (0.97, "L")):
        axes.text(x, 0.5, side, transform=axes.transAxes, color=FAINT, size=8, ha="center", va="center")
    axes.set_axis_off()


def _canvas(rows: int, columns: int, title: str) -> tuple[Figure, np.ndarray]:
    width, height = MARGIN + columns * PANEL, rows * PANEL + BAR + 0.72
    figure = Figure(figsize=(width, height), dpi=160, facecolor=PAPER)
    FigureCanvasAgg(figure)
    sides = {
        "left": MARGIN / width,
        "right": 1 - 0.08 / width,
        "bottom": BAR / height,
        "top": 1 - 0.72 / height,
    }
    panels = figure.subplots(
        rows, columns, squeeze=False, gridspec_kw={**sides, "wspace": 0.04, "hspace": 0.04}
    )
    figure.text(0.12 / width, 1 - 0.25 / height, title, color=INK, size=11, weight="bold", va="center")
    return figure, panels


def _bar(figure: Figure, axes: Axes, column: Column) -> None:
    box, height = axes.get_position(), figure.get_figheight()
    place = figure.add_axes(
        (box.x0 + 0.12 * box.width, box.y0 - 0.16 / height, 0.76 * box.width, 0.07 / height)
    )
    bar = figure.colorbar(
        axes.images[0], cax=place, orientation="horizontal", ticks=[0, column.top / 2, column.top]
    )
    bar.ax.set_xticklabels([f"{value:.2g}" for value in (0, column.top / 2, column.top)])
    bar.ax.tick_params(colors=FAINT, labelsize=7, length=2, pad=2)
    bar.outline.set_visible(False)


def draw(
    title: str,
    cases: Sequence[Case],
    columns: Sequence[Column],
    labels: Sequence[np.ndarray],
    out: str | Path,
) -> None:
    """Write the picture: a row a case, a column each of ``columns``; ``labels`` [X, Y] are outlined, on the last column also
    what the best threshold finds. Equal input gives equal bytes."""
    figure, panels = _canvas(len(cases), len(columns), title)
    for row, case in enumerate(cases):
        for axes, column in zip(panels[row], columns):
            _panel(axes, column, row, labels[row])
        if np.any(found := columns[-1].slices[row] >= case.threshold):
            panels[row][-1].contour(
                radiological(found), levels=[0.5], colors=FOUND, linewidths=0.8, linestyles="dotted"
            )
        box = panels[row][0].get_position()
        text = f"{case.scan}\n\nDice {100 * case.dice:.1f}\nAUPRC {100 * case.auprc:.1f}"
        figure.text(
            0.12 / figure.get_figwidth(),
            box.y1 - 0.3 * box.height,
            case.name,
            color=INK,
            size=11,
            va="bottom",
        )
        figure.text(
            0.12 / figure.get_figwidth(), box.y1 - 0.35 * box.height, text, color=FAINT, size=8, va="top"
        )
    for axes, column in zip(panels[0], columns):
        axes.set_title(column.title, color=INK, size=9, pad=5)
    for axes, column in zip(panels[-1], columns):
        _bar(figure, axes, column)
    lines = [Line2D([], [], color=LABEL, lw=1.3), Line2D([], [], color=FOUND, lw=1, ls="dotted")]
    names = ["label", "score at its\nbest threshold"]
    corner = (0.04 / figure.get_figwidth(), 0.03 / figure.get_figheight())
    figure.legend(
        lines,
        names,
        loc="lower left",
        bbox_to_anchor=corner,
        frameon=False,
        labelcolor=FAINT,
        fontsize=7,
        handlelength=1.4,
    )
    with atomic(out) as tmp:
        figure.savefig(tmp, format="png", facecolor=PAPER, metadata={"Software": None})


def figures(
    packed: str | Path, splits: str | Path | None, fold: int, scores: str | Path, maps: Mapping[str, str | Path],
    reconstructions: str | Path | None, beta: float, row: str, title: str, out: str | Path,
) -> None:  # fmt: skip
    """Write the picture of a test set for one row of the table: best, median and worst volume by the row's Dice.

    ``scores``: the row's scores of this fold; ``maps``: {model: stored map} of the row; ``reconstructions`` [N, T, D, X, Y]
    of the N test scans, None if the row has none; ``title``: name of the test set. Each case is shown at the axial
    slice with the largest lesion area. Raises DataError.
    """
    data, cases = load_packed(packed), pick_cases(scores)
    scans = tested(data, splits, fold)
    chosen = [scans[case.index] for case in cases]
    brains, lesions = ([store[i] > 0 for i in chosen] for store in (data.brain, data.lesion))
    levels = [int(lesion.sum(axis=(1, 2)).argmax()) for lesion in lesions]
    window = frame(brains)

    def column(name: str, volumes: Sequence[np.ndarray], colours: str, top: float | None = None) -> Column:
        slices = [np.asarray(v[z][window], dtype=np.float32) for v, z in zip(volumes, levels, strict=True)]
        return Column(name, slices, colours, top or max(float(s.max()) for s in slices) or 1.0)

    columns = [column("input", [data.t1[i] for i in chosen], "gray", 1.0)]
    if reconstructions is not None:
        made = np.load(reconstructions, mmap_mode="r")
        means = [
            made[case.index].mean(axis=0, dtype=np.float32) * brain for case, brain in zip(cases, brains)
        ]
        columns.append(column("pseudo-healthy reconstruction", means, "gray", 1.0))
    stored = {model: read_maps(path, data, scans) for model, path in maps.items()}
    volumes = {
        m: [as_volume(each[case.index], brain) for case, brain in zip(cases, brains)]
        for m, each in stored.items()
    }
    if len(maps) == 2:
        (first, u), (second, p) = volumes.items()
        columns += [
            column(f"map u: {first}", u, "inferno"),
            column(f"probability p: {second}", p, "inferno", 1.0),
        ]
    fused = [fuse(each, beta) for each in zip(*volumes.values())]
    columns.append(column(f"score: {row}", fused, "inferno"))
    labels = [lesion[z][window] for lesion, z in zip(lesions, levels)]
    draw(f"{title}: {row}, fold {fold}, {len(scans)} test volumes", cases, columns, labels, out)
