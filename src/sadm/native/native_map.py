"""The anomaly score of a test scan in its own space."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.cohort.packed import Part
from sadm.evaluation.volumes import TableRow
from sadm.native.native_mask import save_like
from sadm.prediction.maps import by_origin
from sadm.preprocess import derivative
from sadm.preprocess.space import Grid, carry_mask, factor_for, read_transform, sample
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti, read_table, real


def threshold(thresholds: str | Path, row: TableRow, testset: str) -> tuple[str, float]:
    """Kind and value of the threshold of ``row`` for ``testset`` that no test scan was seen for.

    The one of the validation scans; where none of these has a lesion, the lowest rate in healthy scans.
    """
    wanted = (row.name, str(row.fold), str(row.seed), testset)
    found = {
        line["kind"]: real(line, "value")
        for line in read_table(thresholds, ("row", "fold", "seed", "testset", "kind", "value"))
        if (line["row"], line["fold"], line["seed"], line["testset"]) == wanted
    }
    healthy = sorted((kind for kind in found if kind.startswith("healthy")), key=lambda kind: -found[kind])
    kind = next((kind for kind in ("validation", *healthy) if np.isfinite(found.get(kind, np.nan))), "")
    if not kind:
        cause = f"no threshold of {row.name} for {testset!r} was fitted on other scans than its test scans"
        raise DataError(
            "A map cannot be cut.", file=thresholds, cause=cause, fix="enlarge the validation sets"
        )
    return kind, found[kind]


def native_map(
    scan: str,
    t1: str,
    prepared: str,
    refined: str,
    outputs: Mapping[str, str],
    *,
    row: TableRow,
    part: Part,
    maps: Iterable[str | Path],
    thresholds: str | Path,
    raw: Mapping[str, str],
) -> None:
    """Write the anomaly score of a test ``scan`` on the voxels of its ``t1``: ``outputs`` score (float32 >= 0) and found, with sidecars.

    ``row``: what scores it, with its ``maps`` (files) of the test scans, ``part``, and its ``thresholds``;
    ``prepared``: the prepared T1, for its grid. Outside the study's brain mask the score is 0. ``found`` (uint8) is where score >= `threshold` on the study's
    grid, carried as a mask. The sidecars tell row, fold, beta and threshold. ``raw``: the BIDS URIs of the scan's files.
    Raises DataError for a scan that is not tested.
    """
    if scan not in part.names:
        cause = f"in fold {row.fold}, {scan} is no test scan of {part.set!r}, or failed its check"
        fix = f"ask for one of: {', '.join(part.names)}"
        raise DataError("A scan has no map.", cause=cause, fix=fix)
    volume = next(volume for volume in row.scored(part, by_origin(maps)) if volume.scan == scan)
    kind, value = threshold(thresholds, row, part.set)
    score = np.zeros(volume.brain.shape, dtype=np.float32)
    score[volume.brain > 0] = volume.score
    affine, own = load_nifti(prepared).affine, Grid.of(load_nifti(t1))
    inverse = np.linalg.inv(read_transform(refined))
    image, found = (
        nib.Nifti1Image(np.ascontiguousarray(each.transpose(1, 2, 0)), affine)
        for each in (score, volume.found(value).astype(np.uint8))
    )
    save_like(sample(image, own, inverse, factor_for(image, float(np.cbrt(own.voxel)))), t1, outputs["score"])
    save_like(carry_mask(found, own, inverse).astype(np.uint8), t1, outputs["found"])
    about = {
        "SpatialReference": raw["t1"],
        "scan": scan,
        "row": row.name,
        "testset": part.set,
        "fold": row.fold,
        "beta": row.beta,
        "threshold": value,
        "threshold_kind": kind,
    }
    made_of = [derivative.uri(file, "prep") for file in (prepared, refined)]
    what = f"Anomaly score by {row.name} on the T1's voxels: the higher, the less normal; 0 outside the study's brain mask"
    derivative.describe(outputs["score"], what, made_of, SkullStripped=True, **about)
    what = (
        f"Where the anomaly score by {row.name} reaches the threshold on the study's grid, on the T1's voxels"
    )
    derivative.describe(
        outputs["found"], what, [*made_of, derivative.uri(outputs["score"])], Type="Lesion", **about
    )
