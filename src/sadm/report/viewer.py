"""Best, median and worst cases to scroll through: volumes as 8-bit PNG mosaics, and a still of each for print.

All slices of a volume lie side by side in one grey PNG, decoded by the page's script: a third of NiiVue's size, and no WebGL.
"""

import base64
import io
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sadm.figures.cases import Volume, frame, maps_of, pick_cases, reconstruction
from sadm.figures.results import Results
from sadm.report.blocks import Viewer, data_uri

COLUMNS = 10  # slices side by side in a mosaic
STILL, BAR = 336, 20  # pixels: edge of a still, height of its colour bar
OPACITY = 0.75
OUTLINE = (61, 221, 217)
FADE = 24  # grey levels over which the overlay appears


def axial(volume: np.ndarray) -> np.ndarray:
    """A volume [D, X, Y] as images [D, H, W]: anterior on top, the patient's right on the left."""
    return volume.transpose(0, 2, 1)[:, ::-1, ::-1]


def quantised(volume: np.ndarray, top: float) -> np.ndarray:
    """A volume in [0, ``top``] as uint8."""
    return np.clip(volume / top * 255, 0, 255).round().astype(np.uint8)


def png(image: np.ndarray | Image.Image) -> bytes:
    """An image as PNG."""
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def mosaic(images: np.ndarray) -> np.ndarray:
    """Images uint8 [D, H, W] as one, `COLUMNS` side by side, the rest black."""
    count, high, wide = images.shape
    rows = -(-count // COLUMNS)
    filled = np.zeros((rows * COLUMNS, high, wide), dtype=np.uint8)
    filled[:count] = images
    return (
        filled.reshape(rows, COLUMNS, high, wide).transpose(0, 2, 1, 3).reshape(rows * high, COLUMNS * wide)
    )


def colours() -> np.ndarray:
    """The colour map of the overlays, uint8 [256, 3]."""
    return (mpl.colormaps["inferno"](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def edges(mask: np.ndarray) -> list[tuple[int, int, int, int]]:
    """The outline of a mask [H, W] along voxel edges, as lines (x, y, x, y)."""
    padded = np.pad(mask.astype(bool), 1)
    down = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1])
    across = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1])
    return [(x, y, x, y + 1) for y, x in down.tolist()] + [(x, y, x + 1, y) for y, x in across.tolist()]


def still(t1: np.ndarray, overlay: np.ndarray, mask: np.ndarray, top: float, name: str) -> bytes:
    """One slice as the page shows it, with sides and colour bar: T1, overlay, mask uint8 [H, W]; PNG."""
    table, zoom = colours(), STILL / t1.shape[1]
    size = (STILL, round(t1.shape[0] * zoom))
    share = OPACITY * np.clip(overlay / FADE, 0, 1)[..., None]
    image = (1 - share) * t1[..., None] + share * table[overlay]
    picture = Image.new("RGB", (size[0], size[1] + BAR))
    picture.paste(Image.fromarray(image.round().astype(np.uint8)).resize(size, Image.Resampling.BICUBIC))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for line in edges(mask):
        draw.line([part * zoom for part in line], fill=OUTLINE, width=2)
    for x, side in ((6, "R"), (STILL - 15, "L")):
        draw.text((x, size[1] / 2), side, fill=(255, 255, 255), font=font)
    bar = Image.fromarray(np.repeat(table[None], BAR - 10, axis=0)).resize((STILL // 2, BAR - 10))
    picture.paste(bar, (STILL // 4, size[1] + 5))
    draw.text((6, size[1] + 2), f"{name} 0", fill=(255, 255, 255), font=font)
    draw.text((STILL * 3 // 4 + 6, size[1] + 2), f"{top:.2g}", fill=(255, 255, 255), font=font)
    return png(picture.quantize(128))


def telling(label: np.ndarray, found: np.ndarray) -> list[int]:
    """The most telling slice of each axis of masks [D, H, W]: most voxels of the label, those that were found counted twice."""
    weight = label.astype(np.int64) + (label & found)
    return [int(weight.sum(axis=tuple({0, 1, 2} - {axis})).argmax()) for axis in range(3)]


def volumes(results: Results, testset: str, row: str, scan: str) -> tuple[Volume, dict[str, np.ndarray]]:
    """What can be laid over the T1 of a scan, by its printed name: score, maps, reconstruction, float32 [D, X, Y]."""
    volume = Volume.read(results.testsets[testset], scan)
    maps, score = maps_of(results, testset, row, scan, volume.brain)
    found = {"score": score}
    if len(maps) == 2:
        (u, first), (p, second) = maps.items()
        found |= {f"map u ({u})": first, f"probability p ({p})": second}
    back = reconstruction(results, testset, row, scan, volume.brain)
    if back is not None:
        found["pseudo-healthy"] = np.clip(back, 0, 1)
    return volume, found


def viewer(results: Results) -> Viewer:
    """The cases of every test set: best, median and worst test volume, by Dice, of the row shown for it, fold 0.

    Volumes are cut to the square that holds all brains.
    """
    picked = {t: pick_cases(results.scores[t, row, 0]) for t, row in results.shown.items()}
    window = frame(
        [
            results.testsets[t].data.brain[results.testsets[t].index(case.scan)] > 0
            for t, cases in picked.items()
            for case in cases
        ]
    )
    cases: list[dict[str, Any]] = []
    data: dict[str, Any] = {
        "cols": COLUMNS,
        "lut": base64.b64encode(colours().tobytes()).decode(),
        "vols": {},
        "cases": {},
    }
    for testset, row in results.shown.items():
        for case in picked[testset]:
            volume, overlays = volumes(results, testset, row, case.scan)
            cut = (slice(None), *window)
            images = {
                "t1": quantised(axial(volume.t1[cut]), 1),
                "mask": axial(volume.lesion[cut]) * np.uint8(255),
            }
            tops = {
                name: 1.0 if name.startswith("p") else float(each.max()) or 1.0
                for name, each in overlays.items()
            }
            images |= {name: quantised(axial(each[cut]), tops[name]) for name, each in overlays.items()}
            key, title = f"{testset}/{case.name}", results.testsets[testset].title
            data["vols"] |= {
                f"{key}/{name}": base64.b64encode(png(mosaic(each))).decode() for name, each in images.items()
            }
            place = telling(images["mask"] > 0, axial(overlays["score"][cut]) >= case.threshold)
            z, grey = place[0], {"pseudo-healthy"} & set(overlays)
            data["cases"][key] = {"at": place[::-1], "maps": list(overlays), "tops": tops, "grey": sorted(grey), "threshold": case.threshold if case.dice else None}  # fmt: skip
            data |= dict(zip(("nz", "ny", "nx"), images["t1"].shape))
            cases.append(
                {
                    "id": key, "group": f"{title}: {row}", "name": case.name, "scan": case.scan,
                    "dice": 100 * case.dice, "auprc": 100 * case.auprc, "threshold": case.threshold,
                    "still": data_uri(still(images["t1"][z], images["score"][z], images["mask"][z], tops["score"], "score"), ".png"),
                    "alt": f"{title}, {case.name} case {case.scan}: axial slice {z + 1} of {len(volume.t1)} with the score of {row} and the outline of the label",
                }
            )  # fmt: skip
    return Viewer(cases, data, list(dict.fromkeys(case["group"] for case in cases)))
