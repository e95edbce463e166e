"""The anomaly score of a test scan in its own space."""

from pathlib import Path

import nibabel as nib
import numpy as np

from sadm.evaluation.volumes import scored
from sadm.native.native_mask import save_like
from sadm.preprocess.space import Grid, carry_mask, factor_for, read_transform, sample
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti, read_table, write_json


def threshold(thresholds: str | Path, testset: str) -> tuple[str, float]:
    """Kind and value of the threshold for ``testset`` that no test scan was seen for.

    The one of the validation scans; where none of these has a lesion, the lowest rate in healthy scans.
    """
    found = {
        row["kind"]: float(row["value"])
        for row in read_table(thresholds, ("testset", "kind", "value"))
        if row["testset"] == testset
    }
    healthy = sorted((kind for kind in found if kind.startswith("healthy")), key=lambda kind: -found[kind])
    kind = next((kind for kind in ("validation", *healthy) if np.isfinite(found.get(kind, np.nan))), "")
    if not kind:
        cause = f"no threshold of {testset!r} was fitted on other scans than its test scans"
        raise DataError(
            "A map cannot be cut.", file=thresholds, cause=cause, fix="enlarge the validation sets"
        )
    return kind, found[kind]


def native_map(
    scan: str,
    t1: str,
    prepared: str,
    refined: str,
    outputs: dict[str, str],
    *,
    maps: list[str],
    packed: str | Path,
    splits: str,
    thresholds: str,
    testset: str,
    fold: int,
    beta: float,
) -> None:
    """Write the anomaly score of a test ``scan`` on the voxels of its ``t1``: ``outputs`` score (float32 >= 0), found, about.

    ``maps``: files of the row's one or two maps of ``testset``, added with weight ``beta``; ``prepared``: the prepared T1, for
    its grid. Outside the study's brain mask the score is 0. ``found`` (uint8) is where score >= `threshold` on the study's
    grid, carried as a mask; ``about`` (JSON) tells fold, beta and threshold. Raises DataError for a scan that is not tested.
    """
    those = scored(maps, packed, splits, fold, "test", beta)
    if scan not in those.names:
        cause = f"in fold {fold} it is no test scan of {testset!r}, or failed its check"
        raise DataError(
            "A scan has no map.", file=splits, cause=cause, fix=f"ask for one of: {', '.join(those.names)}"
        )
    volume = next(volume for volume in those if volume.scan == scan)
    kind, value = threshold(thresholds, testset)
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
    said = {
        "scan": scan,
        "testset": testset,
        "fold": fold,
        "beta": beta,
        "threshold": value,
        "threshold_kind": kind,
    }
    write_json(said, outputs["about"])
