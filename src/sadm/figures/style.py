"""What all figures share: colours that colour-blind readers can tell apart, and files whose bytes repeat.

Okabe and Ito's colours (2008) without their yellow, which white paper swallows, and two more; markers and dashes differ as well, so that a
grey print still tells the lines apart.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

os.environ["MPLBACKEND"] = (
    "agg"  # a notebook's terminal names one that this environment may lack, and the import below fails
)

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from sadm.runtime.files import atomic

mpl.rcdefaults()  # a user's matplotlibrc changes no figure
mpl.rcParams["text.parse_math"] = False  # titles are text: a $ is a dollar

INK, FAINT, GRID = "#1b2330", "#667085", "#d5dae3"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31", "#882255")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
DPI = 160


def look(k: int) -> dict[str, Any]:
    """Colour, marker and dashes of the ``k``-th line of a chart, for ``Axes.plot``."""
    return {
        "color": COLOURS[k % len(COLOURS)],
        "marker": MARKERS[k % len(MARKERS)],
        "linestyle": DASHES[k % len(DASHES)],
    }


def page(width: float, height: float) -> Figure:
    """An empty white figure of ``width`` x ``height`` inches."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def plain(axes: Axes) -> None:
    """Axes with a light grid and no box."""
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=FAINT, labelsize=8, length=3)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GRID)
    axes.xaxis.label.set(color=INK, size=9)
    axes.yaxis.label.set(color=INK, size=9)


def name_panel(axes: Axes, title: str) -> None:
    """The title of a panel."""
    axes.set_title(title, color=INK, size=10, weight="bold", parse_math=False)  # a $ is a $


def plain_log(axis: Axis) -> None:
    """Label a logarithmic axis at 1, 2, 5, 10 ... with plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def save(figure: Figure, files: Iterable[str | Path]) -> None:
    """Write ``figure`` to each of ``files``, .png or .svg; equal figures give equal bytes."""
    said: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
    for file in map(Path, files):
        kind = file.suffix[1:]
        with atomic(file) as tmp, mpl.rc_context({"svg.hashsalt": "sadm"}):
            figure.savefig(tmp, format=kind, dpi=DPI, metadata=said[kind])
