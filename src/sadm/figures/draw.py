"""The charts on paper: lines and points of `sadm.figures.charts`, one panel a test set."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sadm.figures.style import DASHES, FAINT, INK, look, name_panel, page, plain, plain_log, save

Files = Iterable[str | Path]
Lines = Sequence[tuple[Any, ...]]
WIDTH, HEIGHT = 3.3, 2.7  # inches of a panel


def _by(lines: Lines, *keys: str) -> Lines:
    """The lines of a test set, or of one of its rows."""
    return [line for line in lines if line[: len(keys)] == keys]


def _rows(lines: Lines) -> list[str]:
    return list(dict.fromkeys(line[1] for line in lines))


def _panels(rows: int, columns: int, legend: float, height: float = HEIGHT) -> tuple[Figure, np.ndarray]:
    """A page of panels with ``legend`` inches free at the bottom."""
    wide, high = columns * WIDTH, rows * height + legend
    figure = page(wide, high)
    panels = figure.subplots(rows, columns, squeeze=False, sharey="row")
    figure.subplots_adjust(
        left=0.6 / wide,
        right=1 - 0.12 / wide,
        top=1 - 0.32 / high,
        bottom=(legend + 0.5) / high,
        wspace=0.12,
        hspace=0.45,
    )
    for axes in panels.flat:
        plain(axes)
    return figure, panels


def _legend(where: Figure | Axes, lines: Sequence[Any], columns: int, **place: Any) -> None:
    names = [line.get_label() for line in lines]
    where.legend(
        lines, names, frameon=False, fontsize=8, labelcolor=INK, ncols=columns, handlelength=2.6, **place
    )


def beta(lines: Lines, titles: Mapping[str, str], chosen: float, files: Files) -> None:
    """Dice against beta: mean over the folds of (testset, row, fold, beta, dice), the band is their standard deviation."""
    figure, panels = _panels(1, len(titles), legend=0.45, height=2.8)
    for axes, (name, title) in zip(panels[0], titles.items()):
        axes.axvline(chosen, color=FAINT, linewidth=0.8, linestyle=DASHES[2])
        for k, row in enumerate(_rows(lines)):
            folds = [
                [line[3:] for line in group]
                for _, group in groupby(_by(lines, name, row), key=lambda line: line[2])
            ]
            values: np.ndarray = np.array(folds)
            x, dice = values[0, :, 0], values[:, :, 1]
            axes.plot(x, dice.mean(axis=0), **look(k), label=row, linewidth=1.5, markersize=4)
            if len(dice) > 1:
                mean, spread = dice.mean(axis=0), dice.std(axis=0, ddof=1)
                axes.fill_between(
                    x, mean - spread, mean + spread, color=look(k)["color"], alpha=0.12, linewidth=0
                )
        axes.set(xlabel="β   (0: p alone, 1: u alone)", xlim=(-0.03, 1.03))
        name_panel(axes, title)
    panels[0][0].set_ylim(bottom=0)  # after all panels, which share the axis
    panels[0][0].set_ylabel("best Dice per volume, %")
    _legend(figure, panels[0][0].lines[1:], 3, loc="lower center")
    save(figure, files)


def precision_recall(
    lines: Lines, titles: Mapping[str, str], groups: Mapping[str, Sequence[str]], files: Files
) -> None:
    """Mean precision-recall curves with their bands, a row of panels for each of ``groups`` of rows of the table."""
    figure, panels = _panels(len(groups), len(titles), legend=0.05, height=2.3)
    figure.set_figwidth(figure.get_figwidth() + 1.6)
    figure.subplots_adjust(left=0.72 / figure.get_figwidth(), right=1 - 1.72 / figure.get_figwidth())
    table: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for name, row, *values in lines:
        table.setdefault((name, row), []).append(tuple(values))
    for place, (across, (group, rows)) in enumerate(zip(panels, groups.items())):
        for axes, (name, title) in zip(across, titles.items()):
            for k, row in enumerate(row for row in rows if (name, row) in table):
                recall, precision, low, high = np.transpose(table[name, row])
                own = look(k) | {"marker": None}
                axes.plot(recall, precision, **own, label=row, linewidth=1.4)
                axes.fill_between(recall, low, high, color=own["color"], alpha=0.07, linewidth=0)
            axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall" if place == len(groups) - 1 else "")
            name_panel(axes, title if place == 0 else "")
        across[0].set_ylabel(f"{group}\nprecision")
        drawn = max((axes.lines for axes in across), key=len)
        _legend(across[-1], list(drawn), 1, loc="center left", bbox_to_anchor=(1.0, 0.5))
    save(figure, files)


def lesion_volume(lines: Lines, titles: Mapping[str, str], files: Files) -> None:
    """Dice of each volume against its lesion's volume; the line joins the means of the quartiles by volume."""
    figure, panels = _panels(1, len(titles), legend=0.45, height=2.8)
    for axes, (name, title) in zip(panels[0], titles.items()):
        for k, row in enumerate(_rows(lines)):
            found = np.array([line[3:] for line in _by(lines, name, row)]).reshape(-1, 2)
            found = found[np.argsort(found[:, 0], kind="stable")]
            own = look(k)
            axes.scatter(*found.T, s=16, marker=own["marker"], color=own["color"], alpha=0.5, linewidths=0)
            parts = [part for part in np.array_split(found, 4) if len(part)]
            middle = [(np.exp(np.log(part[:, 0]).mean()), part[:, 1].mean()) for part in parts]
            axes.plot(*np.reshape(middle, (-1, 2)).T, **own, label=row, linewidth=1.5, markersize=6)
        axes.set(xlabel="lesion volume, ml", ylim=(0, 100), xscale="log")
        plain_log(axes.xaxis)
        name_panel(axes, title)
    panels[0][0].set_ylabel("best Dice of the volume, %")
    _legend(figure, list(panels[0][0].lines), 4, loc="lower center")
    save(figure, files)


def training(losses: Mapping[str, Sequence[Mapping[str, np.ndarray]]], files: Files) -> None:
    """Training (solid) and validation loss (dashed) of every model, a pair of lines a fold; a dot is the kept checkpoint."""
    columns = min(5, len(losses))
    rows = -(-len(losses) // columns)
    figure = page(2.3 * columns, 1.75 * rows + 0.45)
    panels = figure.subplots(rows, columns, squeeze=False)
    wide, high = figure.get_figwidth(), figure.get_figheight()
    figure.subplots_adjust(
        left=0.5 / wide,
        right=1 - 0.1 / wide,
        top=1 - 0.28 / high,
        bottom=0.75 / high,
        wspace=0.34,
        hspace=0.55,
    )
    for axes in panels.flat[len(losses) :]:
        axes.set_axis_off()
    for axes, (model, folds) in zip(panels.flat, losses.items()):
        plain(axes)
        for fold in folds:
            best = int(np.nanargmin(fold["val_loss"]))
            axes.plot(fold["epoch"], fold["train_loss"], color=look(0)["color"], linewidth=1.1)
            axes.plot(
                fold["epoch"], fold["val_loss"], color=look(1)["color"], linewidth=1.1, linestyle=DASHES[1]
            )
            axes.plot(fold["epoch"][best], fold["val_loss"][best], "o", color=look(1)["color"], markersize=4)
        if min(min(fold["train_loss"].min(), np.nanmin(fold["val_loss"])) for fold in folds) > 0:
            axes.set_yscale("log")
            plain_log(axes.yaxis)
        axes.tick_params(labelsize=7, which="both")
        axes.set_title(model, size=9)
    first = panels.flat[0].lines
    for line, name in zip(first, ("training", "validation", "kept checkpoint")):
        line.set_label(name)
    _legend(figure, first[:3], 3, loc="lower center")
    figure.text(0.5, 0.42 / high, "epoch", ha="center", color=INK, size=9)
    save(figure, files)
