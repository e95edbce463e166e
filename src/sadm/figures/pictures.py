"""Pictures of slices: cases of a test set (paper, Fig. 2 and 3), every row on one case, and synthetic anomalies (Fig. 4).

Axial slices in radiological orientation: the patient's right is on the left of the picture, anterior on top.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.cohort.packed import load_packed
from sadm.figures.cases import Case, Volume, frame, maps_of, pick_cases, read_scores, reconstruction
from sadm.figures.mosaic import FALSE, HIT, LABEL, MISSED, Tile, binary, coloured, picture
from sadm.figures.results import Results

KEY = [(LABEL, "label"), (HIT, "found"), (FALSE, "false alarm"), (MISSED, "missed")]
ACROSS = 9  # rows of the table side by side
EXAMPLES = 6  # scans with synthetic anomalies
Files = Sequence[str | Path]
Made = Mapping[tuple[str, str], str | Path]


def _of(made: Made, testset: str) -> dict[str, str | Path]:
    return {model: file for (name, model), file in made.items() if name == testset}


def case_row(
    results: Results, testset: str, row: str, sources: Sequence[str], made: Made, case: Case, beta: float,
    window: tuple[slice, slice],
) -> list[Tile | None]:  # fmt: skip
    """Tiles of one case: input, reconstruction, maps, score, binary map at the case's best threshold."""
    volume = Volume.read(results.testsets[testset], case.index)
    maps, score = maps_of(results, testset, row, case.index, volume.brain, beta)
    z = volume.level
    label = {LABEL: volume.lesion[z][window]}
    tiles: list[Tile | None] = [Tile(coloured(volume.t1[z][window], "gray", 1.0), label, "input, label")]
    back = reconstruction(_of(made, testset), sources, case.index, volume.brain)
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


def cases_picture(
    results: Results, testset: str, row: str, sources: Sequence[str], made: Made, beta: float, files: Files
) -> None:
    """Best, median and worst test volume of a row by its Dice, fold 0, each at the slice with its largest lesion area."""
    here, cases = results.testsets[testset], pick_cases(results.scores[testset, row, 0])
    window = frame([here.data.brain[here.scans[case.index]] > 0 for case in cases])
    tiles = [case_row(results, testset, row, sources, made, case, beta, window) for case in cases]
    sides = [
        (case.name, f"{case.scan}\nbest Dice {100 * case.dice:.1f} %\nAUPRC {100 * case.auprc:.1f} %")
        for case in cases
    ]
    title = f"{here.title}: {row}, fold 0, {len(here.scans)} test volumes"
    picture(tiles, sides, title, KEY, files, panel=1.75, margin=1.75)


def methods_picture(
    results: Results, testset: str, shown: str, sources: Mapping[str, Sequence[str]], made: Made, beta: float,
    files: Files,
) -> None:  # fmt: skip
    """Every row of the table on the median case of the row ``shown``: reconstruction if any, score, binary map."""
    here = results.testsets[testset]
    case = next(c for c in reversed(pick_cases(results.scores[testset, shown, 0])) if c.name != "worst")
    volume = Volume.read(here, case.index)
    z, window = volume.level, frame([volume.brain])
    label, columns = volume.lesion[z][window], []
    for row in results.rows:
        line = read_scores(results.scores[testset, row, 0])[case.index]
        score = maps_of(results, testset, row, case.index, volume.brain, beta)[1][z]
        back = reconstruction(_of(made, testset), sources.get(row, ()), case.index, volume.brain)
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


def anomalies_picture(healthy: str | Path, draem: str | Path, files: Files) -> None:
    """Synthetic anomalies: healthy test scans, the same slices with a painted anomaly, and its label within the brain.

    ``healthy`` and ``draem``: folders of the packed data sets. The slice is that with the median labelled area of those that are mostly brain.
    """
    before, after = load_packed(healthy), load_packed(draem)
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


def pictures(
    results: Results, made: Made, sources: Mapping[str, Sequence[str]], shown: Mapping[str, str], beta: float,
    healthy: str | Path, out: Mapping[str, Files],
) -> None:  # fmt: skip
    """Draw the pictures of all test sets.

    ``results`` hold fold 0 of every row; ``made``: {(test set, model): reconstructions [N, T, D, X, Y]}; ``sources``: {row: models
    that it scores or reconstructs with}; ``shown``: {test set: the row whose cases are shown}; ``healthy``: t1.npy of the packed
    healthy data set. ``out``: {"TESTSET_cases", "TESTSET_methods", "anomalies": files}. Raises DataError.
    """
    for testset, row in shown.items():
        cases_picture(results, testset, row, sources.get(row, ()), made, beta, out[f"{testset}_cases"])
        methods_picture(results, testset, row, sources, made, beta, out[f"{testset}_methods"])
    if "anomalies" in out:
        anomalies_picture(Path(healthy).parent, results.testsets["draem"].packed, out["anomalies"])
