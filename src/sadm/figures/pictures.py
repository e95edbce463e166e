"""Pictures of slices: cases of a test set (paper, Fig. 2 and 3), every row on one case, and synthetic anomalies (Fig. 4).

Axial slices in radiological orientation: the patient's right is on the left of the picture, anterior on top.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed, load_packed
from sadm.figures.cases import Case, Volume, frame, maps_of, pick_cases, reconstruction
from sadm.figures.mosaic import FALSE, HIT, LABEL, MISSED, Tile, binary, coloured, picture
from sadm.figures.results import Results
from sadm.study.checks import DRAEM

KEY = [(LABEL, "label"), (HIT, "found"), (FALSE, "false alarm"), (MISSED, "missed")]
ACROSS = 9  # rows of the table side by side
EXAMPLES = 6  # scans with synthetic anomalies
Files = Sequence[str | Path]


def case_row(
    results: Results, testset: str, row: str, case: Case, window: tuple[slice, slice]
) -> list[Tile | None]:
    """Tiles of one case: input, reconstruction, maps, score, binary map at the case's best threshold."""
    volume = Volume.read(results.testsets[testset], case.scan)
    maps, score = maps_of(results, testset, row, case.scan, volume.brain)
    z = volume.level
    label = {LABEL: volume.lesion[z][window]}
    tiles: list[Tile | None] = [Tile(coloured(volume.t1[z][window], "gray", 1.0), label, "input, label")]
    back = reconstruction(results, testset, row, case.scan, volume.brain)
    if back is not None:
        tiles.append(Tile(coloured(back[z][window], "gray", 1.0), {}, "pseudo-healthy"))
    named = dict(zip(("map u: {}", "probability p: {}"), maps.items())) if len(maps) == 2 else {}
    for name, (model, each) in named.items():
        top = float(each[z].max()) or 1.0 if name.startswith("map") else 1.0
        tiles.append(Tile(coloured(each[z][window], "inferno", top), label, name.format(model), ("", top)))
    top = float(score[z].max()) or 1.0
    tiles.append(Tile(coloured(score[z][window], "inferno", top), label, "score", ("", top)))
    found = score[z] >= case.threshold
    mask = binary(volume.t1[z][window], found[window], volume.lesion[z][window])
    tiles.append(Tile(mask, {}, f"score ≥ {case.threshold:.2g}"))
    return tiles


def cases_picture(results: Results, testset: str, files: Files) -> None:
    """Best, median and worst test volume of the row that is shown by its Dice, fold 0, each at the slice with its largest lesion area."""
    row = results.shown[testset]
    here, cases = results.testsets[testset], pick_cases(results.scores[testset, row, 0])
    window = frame([here.data.brain[here.index(case.scan)] > 0 for case in cases])
    tiles = [case_row(results, testset, row, case, window) for case in cases]
    sides = [
        (case.name, f"{case.scan}\nbest Dice {100 * case.dice:.1f} %\nAUPRC {100 * case.auprc:.1f} %")
        for case in cases
    ]
    title = f"{here.title}: {row}, fold 0, {len(here.scans)} test volumes"
    picture(tiles, sides, title, KEY, files, panel=1.75, margin=1.75)


def methods_picture(results: Results, testset: str, files: Files) -> None:
    """Every row of the table on the median case of the row that is shown: reconstruction if any, score, binary map."""
    here, picked = results.testsets[testset], pick_cases(results.scores[testset, results.shown[testset], 0])
    case = next(c for c in reversed(picked) if c.name != "worst")
    volume = Volume.read(here, case.scan)
    z, window = volume.level, frame([volume.brain])
    label, columns = volume.lesion[z][window], []
    for row in results.rows:
        line = results.scores[testset, row, 0].set_index("scan").loc[case.scan]
        score = maps_of(results, testset, row, case.scan, volume.brain)[1][z]
        back = reconstruction(results, testset, row, case.scan, volume.brain)
        top = float(score.max()) or 1.0
        found = (score >= float(line["threshold"]))[window]
        columns.append(
            [
                Tile(coloured(score[window], "inferno", top), {LABEL: label}, row),
                Tile(
                    binary(volume.t1[z][window], found, label), {}, f"Dice {100 * float(line['dice']):.0f} %"
                ),
                Tile(coloured(back[z][window], "gray", 1.0)) if back is not None else None,
            ]
        )
    first = Tile(coloured(volume.t1[z][window], "gray", 1.0), {LABEL: label}, "input, label")
    tiles: list[list[Tile | None]] = []
    for start in range(0, len(columns), ACROSS):
        block = columns[start : start + ACROSS]
        tiles += [[first if k == 0 else None, *(column[k] for column in block)] for k in range(3)]
    sides = [("", text) for _ in range(len(tiles) // 3) for text in ("score", "binary", "recon-\nstruction")]
    title = f"{here.title}: every row on {case.scan}, fold 0; each at its best threshold for this volume"
    picture(tiles, sides, title, KEY, files, panel=1.02, margin=0.75)


def _slice(brain: np.ndarray, label: np.ndarray) -> int:
    areas, sizes = label.sum(axis=(1, 2)), brain.sum(axis=(1, 2))
    wide = np.flatnonzero((sizes > 0.75 * sizes.max()) & (areas > 0))
    return (
        int(wide[np.argsort(areas[wide], kind="stable")[len(wide) // 2]])
        if len(wide)
        else int(areas.argmax())
    )


def anomalies_picture(before: Packed, after: Packed, files: Files) -> None:
    """Synthetic anomalies: healthy test scans, the same slices with a painted anomaly, and its label within the brain.

    ``before`` and ``after``: the packed healthy data set, and the synthetic one. The slice is that with the median labelled area of those that are mostly brain.
    """
    number = {scan: i for i, scan in enumerate(before.scans)}
    chosen = range(min(EXAMPLES, len(after.scans)))
    window = frame([after.brain[i] > 0 for i in chosen], pad=6)
    tiles: list[list[Tile | None]] = [[], [], []]
    for i in chosen:
        z = _slice(np.asarray(after.brain[i]), np.asarray(after.lesion[i]))
        old, new = before.t1[number[after.scans[i]]][z][window], after.t1[i][z][window]
        label = after.lesion[i][z][window] > 0
        tiles[0].append(Tile(coloured(old, "gray", 1.0), {}, after.scans[i]))
        tiles[1].append(Tile(coloured(new, "gray", 1.0), {}))
        tiles[2].append(Tile(coloured(new, "gray", 1.0), {LABEL: label}))
    sides = [("healthy", ""), ("painted", ""), ("label", "within the brain")]
    picture(tiles, sides, "Synthetic anomalies (DRAEM)", KEY[:1], files, panel=1.45, margin=1.2)


def pictures(results: Results, healthy: str | Path, out: Mapping[str, Files]) -> None:
    """Draw the pictures of all test sets.

    ``results`` hold fold 0 of every row; ``healthy``: t1.npy of the packed healthy data set. ``out``: {"TESTSET_cases",
    "TESTSET_methods", "anomalies": files}. Raises DataError.
    """
    for testset in results.testsets:
        cases_picture(results, testset, out[f"{testset}_cases"])
        methods_picture(results, testset, out[f"{testset}_methods"])
    if "anomalies" in out:
        anomalies_picture(load_packed(Path(healthy).parent), results.testsets[DRAEM].data, out["anomalies"])
