"""A small picture of what the steps found, for the eye: registration, brain mask, bias field, prepared volume."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sadm.runtime.files import atomic

GREYS = 20  # levels: more cost bytes and show nothing more at this size
# Okabe and Ito's, colour-blind safe.
PALETTE = {"template": (0, 158, 115), "brain": (230, 159, 0), "lesion": (213, 94, 0)}
FIELD = 21  # colours of the bias field, blue (.7) over white (1) to red (1.4)
FIELD_SPAN = np.log(1.4)


def outline(mask: np.ndarray) -> np.ndarray:
    """Pixels of ``mask`` [H, W] (bool) with a neighbour outside it, bool."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def greys(values: np.ndarray, high: float) -> np.ndarray:
    """``values`` in 0 ... ``high`` as palette indices 0 ... GREYS - 1, uint8."""
    return np.clip(values / (high or 1.0) * (GREYS - 1) + 0.5, 0, GREYS - 1).astype(np.uint8)


def colours() -> list[int]:
    """The palette: greys, outlines, then the field's colours, as 3 numbers each."""
    grey = [[round(255 * (i / (GREYS - 1)) ** 0.8)] * 3 for i in range(GREYS)]
    ends, field = ((33, 102, 172), (178, 24, 43)), []
    for share in np.linspace(-1, 1, FIELD):
        end = ends[int(share > 0)]
        field.append([round(247 + (c - 247) * abs(share)) for c in end])
    return [c for colour in [*grey, *PALETTE.values(), *field] for c in colour]


def planes(volume: np.ndarray, at: Sequence[int], step: int) -> list[np.ndarray]:
    """Axial, coronal and sagittal slice of ``volume`` [X, Y, Z] (RAS) through voxel ``at``, every ``step``-th pixel.

    Seen from above, from the front and from the left as [H, W]: the patient's right is at the picture's right.
    """
    x, y, z = at
    cuts = (volume[:, :, z].T[::-1], volume[:, y, :].T[::-1], volume[x].T[::-1, ::-1])
    return [cut[::step, ::step] for cut in cuts]


def thumbnail(
    head: np.ndarray,
    prepared: np.ndarray,
    gain: np.ndarray,
    masks: dict[str, np.ndarray],
    step: int,
    out: str | Path,
) -> None:
    """Write the picture to ``out`` (PNG, at most 40 kB): four columns of three planes through the SRI24 brain's middle.

    All volumes are [X, Y, Z] on one grid, RAS: ``head`` the scan, ``prepared`` the T1 in [0, 1], ``gain`` the bias factor,
    ``masks`` template (the SRI24 brain), brain and lesion (bool). Columns: the head and the SRI24 brain's outline; the head and its brain mask's;
    the bias field in the brain mask; the prepared volume and the lesion's outline. ``step``: a pixel is every step-th voxel.
    """
    from PIL import Image

    middle = [int(np.median(index)) for index in np.nonzero(masks["template"])]
    inside = head[masks["brain"]]
    high = float(np.percentile(inside if inside.size else head, 99.5))
    index = {name: GREYS + i for i, name in enumerate(PALETTE)}
    scan, result, log = (planes(v, middle, step) for v in (head, prepared, np.log(gain)))
    cuts = {name: [cut > 0 for cut in planes(mask, middle, step)] for name, mask in masks.items()}
    columns: list[list[np.ndarray]] = [[], [], [], []]
    for i in range(3):
        for column, values, top, mask in (
            (0, scan[i], high, "template"),
            (1, scan[i], high, "brain"),
            (3, result[i], 1.0, "lesion"),
        ):
            columns[column].append(
                np.where(outline(cuts[mask][i]), index[mask], greys(values, top)).astype(np.uint8)
            )
        shade = np.rint((np.clip(log[i] / FIELD_SPAN, -1, 1) + 1) / 2 * (FIELD - 1)).astype(np.uint8)
        columns[2].append(np.where(cuts["brain"][i], GREYS + len(PALETTE) + shade, 0).astype(np.uint8))
    width = max(tile.shape[1] for tile in columns[0])
    rows = [
        np.concatenate([np.pad(t, [(0, 0), (0, width - t.shape[1])]) for t in row], axis=1)
        for row in zip(*columns)
    ]
    picture = Image.fromarray(np.concatenate(rows), mode="P")
    picture.putpalette(colours())
    with atomic(out) as tmp:
        picture.save(tmp, format="PNG", optimize=True)
