"""The prepared volume: all that the steps before found is applied to the raw scan in one interpolation (paper, Appendix A)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np

from sadm.preprocess import derivative
from sadm.preprocess.bias import evaluate
from sadm.preprocess.head import Head
from sadm.preprocess.label import share
from sadm.preprocess.quality import (
    components,
    correlation,
    coverage,
    dice,
    judge,
    nmi,
    offset,
    rotation,
    stretch,
)
from sadm.preprocess.space import (
    Grid,
    carry_mask,
    read_transform,
    sample,
)
from sadm.preprocess.target import Target, smoothed
from sadm.preprocess.thumbnail import thumbnail
from sadm.runtime.files import load_nifti, write_json
from sadm.runtime.labels import load_label

PERCENTILES = (1, 99)
PIXEL = 2.0  # mm of the thumbnail


def normalise(
    values: np.ndarray, mask: np.ndarray, counted: np.ndarray | None = None
) -> tuple[np.ndarray, float, float]:
    """``values`` [X, Y, Z] scaled so that the 1st and 99th percentile in ``mask`` are 0 and 1, clipped; 0 outside the mask.

    The percentiles are of the voxels ``counted`` (bool [X, Y, Z]) in it, None for all. With it their span and the share of those
    voxels that was clipped.
    """
    out = np.zeros(values.shape, dtype=np.float32)
    inside = values[mask].astype(np.float64)
    known = inside if counted is None else inside[counted[mask]]
    if not known.size or not np.isfinite(inside).all():
        return out, 0.0, 0.0
    low, high = np.percentile(known, PERCENTILES)
    if high > low:
        out[mask] = np.clip((inside - low) / (high - low), 0, 1)
    return out, float(high - low), float(np.mean((known < low) | (known > high)))


@dataclass(frozen=True)
class Prepared:
    """One scan on the study's grid. Coarse: ``t1`` (float32, see `Target.image`) and ``brain`` (uint8). Fine: ``head``
    (intensities, the field taken out), ``whole`` (t1), ``inside`` (brain mask, bool) and ``gain`` (the field). ``numbers`` of all."""

    t1: np.ndarray
    brain: np.ndarray
    head: np.ndarray
    whole: np.ndarray
    inside: np.ndarray
    gain: np.ndarray
    numbers: dict[str, Any]


def prepare(
    head: Head,
    mask: nib.Nifti1Image,
    field: nib.Nifti1Image,
    target: Target,
    start: np.ndarray,
    refined: np.ndarray,
) -> Prepared:
    """The scan ``head`` on ``target``, interpolated once.

    ``mask`` lies on the SRI24 grid reached with ``start``, the result on that reached with ``refined``; ``field`` is bias's.
    """
    fine = target.fine
    inside = carry_mask(mask, fine, np.linalg.inv(start) @ refined)
    gain = evaluate(field, fine)
    values = head.sample(fine, refined) / gain
    flown = smoothed(values, inside, target.curvature_flow) if target.curvature_flow else values
    kept = np.zeros(fine.shape, dtype=bool)
    target.slab(kept)[:] = True
    t1, span, clipped = normalise(flown, inside, kept)
    brain = target.brain(inside)
    number, largest = components(brain)
    native = fine.voxel * abs(float(np.linalg.det(refined[:3, :3])))
    field_range = [float(gain[inside].min()), float(gain[inside].max())] if inside.any() else [1.0, 1.0]
    numbers = {
        "finite": bool(np.isfinite(values[inside]).all()),
        "brain_ml": float(np.count_nonzero(inside)) * native / 1000,
        "components": number,
        "largest_component": largest,
        "intensity_range": span,
        "clipped": clipped,
        "field_min": field_range[0],
        "field_max": field_range[1],
    }
    return Prepared(target.image(t1, brain), brain, values, t1, inside, gain, numbers)


def compare(found: Prepared, template: nib.Nifti1Image, target: Target) -> dict[str, float]:
    """Agreement of a prepared scan with the SRI24 brain ``template``, on the coarse grid."""
    values = target.reduce(sample(template, target.fine))
    inside = target.reduce(carry_mask(template, target.fine)) >= 0.5
    return {
        "overlap": dice(found.brain, inside),
        "coverage": coverage(found.brain, inside),
        "offset": offset(found.brain, inside, float(np.cbrt(target.coarse.voxel))),
        "nmi": nmi(found.t1[inside], values[inside]),
        "correlation": correlation(found.t1[inside], values[inside]),
    }


def outside(head: Head, template: nib.Nifti1Image, matrix: np.ndarray) -> float:
    """Share of the ``template`` brain's voxels that ``matrix`` (SRI24 to scan) brings outside the array of the scan ``head``."""
    voxels = np.argwhere(np.asarray(template.dataobj)[::2, ::2, ::2] > 0) * 2
    to_index = np.linalg.inv(head.image.affine) @ head.to_frame(matrix) @ template.affine
    index = voxels @ to_index[:3, :3].T + to_index[:3, 3]
    return float(np.mean(((index < -0.5) | (index > np.array(head.image.shape) - 0.5)).any(axis=1)))


def labelled(
    lesion: str, target: Target, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """The label file ``lesion`` on the grids of ``target``, coarse (uint8) and fine (bool), 0 everywhere for "", and its volumes.

    ``matrix`` leads from SRI24 to the scan. The volumes are ml in the scan's space, before and on the coarse grid.
    """
    volumes = {"lesion_ml": 0.0, "lesion_ml_prepared": 0.0, "labelled": int(bool(lesion))}
    if not lesion:
        return np.zeros(target.coarse.shape, dtype=np.uint8), np.zeros(target.fine.shape, dtype=bool), volumes
    source, determinant = load_label(lesion), abs(float(np.linalg.det(matrix[:3, :3])))
    part = share(source, target.fine, matrix)
    label = target.lesion(part)
    voxels = float(np.count_nonzero(np.asarray(source.dataobj) > 0))
    volumes["lesion_ml"] = voxels * Grid.of(source).voxel / 1000
    volumes["lesion_ml_prepared"] = float(np.count_nonzero(label)) * target.coarse.voxel * determinant / 1000
    return label, part >= 0.5, volumes


def told(
    raw: Mapping[str, str], mask: str, start: str, refined: str, field: str, target: Target
) -> dict[str, dict[str, Any]]:
    """What the sidecars of the prepared t1, brain and lesion say (for `derivative.save`)."""
    coarse, flow = target.coarse, target.curvature_flow
    smooth = f", {flow} iterations of curvature flow" if flow else ""
    how = {"mean": "0 outside the brain", "bspline": "down-sampled by a cubic B-spline, not clipped"}
    lesion = {"share": "Lesion label, which keeps its volume", "nearest": "Lesion label, nearest voxels"}
    mask, start, refined, field = map(derivative.uri, (mask, start, refined, field))
    shape = " x ".join(map(str, coarse.shape))
    resolution = f"the study's grid: {shape} voxels of {float(np.cbrt(coarse.voxel)):g} mm"
    return {
        "t1": {
            "what": f"T1 of the brain, bias field taken out{smooth}, percentiles 1 and 99 of the brain in the kept slices to 0 and 1, {how[target.resampling]}",
            "sources": [raw["t1"], mask, start, refined, field],
            "SkullStripped": True,
            "Resolution": resolution,
        },
        "brain": {
            "what": "Brain mask",
            "sources": [mask, start, refined],
            "Type": "Brain",
            "Resolution": resolution,
        },
        "lesion": {
            "what": lesion[target.labels] if "lesion" in raw else "No lesion was labelled",
            "sources": [raw.get("lesion", raw["t1"]), refined],
            "Type": "Lesion",
            "Resolution": resolution,
        },
    }


def grid(
    t1: str,
    mask: str,
    start: str,
    refined: str,
    field: str,
    lesion: str,
    template: str,
    outputs: dict[str, str],
    *,
    dataset: str,
    scan: str,
    space: str,
    grid: dict[str, Any],
    limits: dict[str, Any],
    raw: Mapping[str, str],
) -> None:
    """Write the prepared volume of ``scan`` of ``dataset``: ``outputs`` t1 (float32 in [0, 1], with ``grid.resampling: bspline`` about), brain and lesion (uint8 0/1), qc (JSON), picture (PNG).

    Each image gets its sidecar; ``raw``: the BIDS URIs of the scan's files.

    ``lesion`` is the label file of the scan in its own space, "" if it has none (the label is then 0 everywhere). The scan is
    interpolated once, from its raw voxels. ``limits`` is the config section ``quality`` and ``space`` how the scan comes; one that is
    unusable or unusual is written all the same, with the reasons in qc.
    """
    sri24, matrix = load_nifti(template), read_transform(refined)
    target = Target.of(sri24, **grid)
    # Before the scan is read: the two are not in memory at once.
    label, fine_label, volumes = labelled(lesion, target, matrix)
    head = Head.load(t1)
    found = prepare(head, load_nifti(mask), load_nifti(field), target, read_transform(start), matrix)
    values = found.numbers | compare(found, sri24, target) | volumes
    values |= {
        "outside": outside(head, sri24, matrix),
        "stretch": stretch(matrix),
        "rotation": rotation(matrix),
    }
    values["background"] = head.background
    verdict = judge(values, limits, space)
    images = {"t1": np.ascontiguousarray(found.t1, dtype=np.float32), "brain": found.brain, "lesion": label}
    for name, about in told(raw, mask, start, refined, field, target).items():
        derivative.save(images[name], target.coarse.affine, outputs[name], **about)
    masks = {"template": carry_mask(sri24, target.fine), "brain": found.inside, "lesion": fine_label}
    step = max(1, round(PIXEL / float(np.cbrt(target.fine.voxel))))
    thumbnail(found.head, found.whole, found.gain, masks, step, outputs["picture"])
    write_json(verdict.of(dataset, scan) | values, outputs["qc"])
