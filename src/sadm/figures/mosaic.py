"""Pictures of slices: tiles side by side in one image, with outlines, texts and scales.

One image instead of an axes a panel: a picture of a hundred slices is drawn in a fifth of the time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from sadm.figures.style import FAINT, INK, page, save

LABEL = "#3ddbd9"  # outline of the label
HIT, FALSE, MISSED = (0x56, 0xB4, 0xE9), (0xD5, 0x5E, 0x00), (0xF0, 0xE4, 0x42)  # of a binary map
GAP = 2  # pixels of white between tiles


@dataclass(frozen=True)
class Tile:
    """One slice: ``rgb`` uint8 [H, W, 3], masks [H, W] outlined by colour, text above, and the range of its colour scale."""

    rgb: np.ndarray
    outlines: dict[str, np.ndarray] = field(default_factory=dict)
    above: str = ""
    scale: tuple[str, float] | None = None


def radiological(axial: np.ndarray) -> np.ndarray:
    """A slice [X, Y] (x to the patient's right, y to anterior) as rows of an image: anterior on top, right on the left."""
    return axial.T[::-1, ::-1]


def coloured(axial: np.ndarray, colours: str, top: float) -> np.ndarray:
    """A slice [X, Y] as an image, uint8 [H, W, 3], 0 ... ``top`` mapped to the colour map ``colours``."""
    table = (mpl.colormaps[colours](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
    levels = np.clip(radiological(np.asarray(axial, dtype=np.float32)) / top * 255, 0, 255).round()
    return table[levels.astype(np.uint8)]


def binary(t1: np.ndarray, found: np.ndarray, label: np.ndarray) -> np.ndarray:
    """A binary map over the faint T1, all [X, Y]: hit, false and missed voxels in the three colours of this module."""
    image = coloured(np.asarray(t1, dtype=np.float32) * 0.6, "gray", 1.0)
    for colour, mask in ((HIT, found & label), (FALSE, found & ~label), (MISSED, ~found & label)):
        image[radiological(mask)] = colour
    return image


def picture(
    tiles: Sequence[Sequence[Tile | None]],
    sides: Sequence[tuple[str, str]],
    title: str,
    key: Iterable[tuple[Any, str]],
    files: Iterable[str | Path],
    panel: float,
    margin: float,
    header: float = 0.24,
) -> None:
    """Write rows of ``tiles`` of one size (None: left white), with a name and a text beside each row (``sides``).

    ``key``: (colour, meaning) of outlines and colours, printed below; ``panel``: inches of a tile; ``margin``: inches left of the
    tiles; ``header``: inches above each row of tiles for their texts.
    """
    high, wide = next(tile for row in tiles for tile in row if tile).rgb.shape[:2]
    inch = wide / panel
    above = round(header * inch) + GAP
    rows, columns = len(tiles), max(map(len, tiles))
    image = np.full((rows * (high + above), columns * (wide + GAP), 3), 255, dtype=np.uint8)
    figure = page(margin + image.shape[1] / inch, 0.75 + image.shape[0] / inch)
    width, height = figure.get_figwidth(), figure.get_figheight()
    axes = figure.add_axes(
        (margin / width, 0.36 / height, 1 - margin / width, image.shape[0] / inch / height)
    )
    outlines: dict[str, np.ndarray] = {}
    for r, row in enumerate(tiles):
        for c, tile in enumerate(row):
            if tile is None:
                continue
            y, x = r * (high + above) + above, c * (wide + GAP)
            image[y : y + high, x : x + wide] = tile.rgb
            for colour, mask in tile.outlines.items():
                whole = outlines.setdefault(colour, np.zeros(image.shape[:2], dtype=bool))
                whole[y : y + high, x : x + wide] = radiological(mask)
            said = tile.above + (f"   0 … {tile.scale[1]:.2g}" if tile.scale else "")
            axes.text(x + wide / 2, y - 1.5, said, size=7.5, color=INK, ha="center", va="bottom")
    axes.imshow(image, interpolation="none")
    for colour, mask in outlines.items():
        axes.contour(mask, levels=[0.5], colors=colour, linewidths=1.0)
    for side, x in (("R", 0.04), ("L", 0.96)):
        axes.text(x * wide, above + high / 2, side, size=8, color="#c6cedb", ha="center", va="center")
    axes.set_axis_off()
    for r, (name, text) in enumerate(sides):
        y = 1 - (0.42 + (r * (high + above) + above) / inch) / height
        figure.text(0.1 / width, y, name, color=INK, size=10, weight="bold", va="top")
        figure.text(0.1 / width, y - 0.22 / height, text, color=FAINT, size=8, va="top", linespacing=1.5)
    figure.text(
        0.1 / width, 1 - 0.2 / height, title, color=INK, size=11, weight="bold", va="center", parse_math=False
    )
    _key(figure, list(key))
    save(figure, files)


def _key(figure: Any, key: Sequence[tuple[Any, str]]) -> None:
    x = 0.1
    for colour, meaning in key:
        shade = colour if isinstance(colour, str) else tuple(part / 255 for part in colour)
        place = {"va": "center", "size": 8}
        y = 0.17 / figure.get_figheight()
        figure.text(x / figure.get_figwidth(), y, "■", color=shade, **place)
        figure.text((x + 0.16) / figure.get_figwidth(), y, meaning, color=FAINT, **place)
        x += 0.36 + 0.066 * len(meaning)
