"""Our measures of binary maps beside those of MONAI and panoptica, each in an environment of its own.

    python benchmarks/peers.py cases FOLDER            # draws the cases and measures them with sadm
    MONAI_PYTHON benchmarks/peers.py monai FOLDER      # pip install monai (needs torch)
    PANOPTICA_PYTHON benchmarks/peers.py panoptica FOLDER         # pip install panoptica; and panoptica_above: IoU > .5 as here
    python benchmarks/peers.py compare FOLDER          # a Markdown table: cases, equal ones, largest difference

Cases: blobs at spacings .5 to 4.0 mm, empty predictions and labels, equal masks, and pairs whose IoU is exactly .5 (ties).
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

COUNT, SHAPE, EQUAL = 360, (18, 22, 20), 1e-5  # EQUAL: relative, as MONAI computes in float32
TOLERANCES = (1, 2)  # voxels
Case = dict[str, Any]


def blobs(draw: np.random.Generator, share: float) -> np.ndarray:
    """Smooth random blobs that fill a ``share`` of the volume."""
    field = np.fft.fftn(draw.normal(size=SHAPE))
    k = sum(np.minimum(i, n - i) ** 2 for i, n in zip(np.indices(SHAPE), SHAPE, strict=True))
    smooth = np.fft.ifftn(field * np.exp(-k / 8.0)).real
    return np.asarray(smooth > np.quantile(smooth, 1 - share))


def case(seed: int) -> Case:
    """Prediction, label, spacing in mm, tolerance in voxels and kind of one case."""
    draw = np.random.default_rng(seed)
    lesion = blobs(draw, draw.choice([0.01, 0.03, 0.08]))
    kind = ("near", "far", "equal", "empty prediction", "empty label", "tie")[seed % 6 if seed % 4 else 0]
    found = {
        "near": np.roll(lesion, draw.integers(-2, 3, 3), axis=(0, 1, 2)) | blobs(draw, 0.005),
        "far": blobs(draw, 0.03),
        "equal": lesion.copy(),
        "empty prediction": np.zeros(SHAPE, bool),
        "empty label": blobs(draw, 0.02),
    }.get(kind)
    if kind == "empty label":
        lesion = np.zeros(SHAPE, bool)
    if found is None:  # 4 voxels of which the prediction has 2: IoU .5
        lesion, found = np.zeros((2, *SHAPE), bool)
        lesion[3:7, 5, 5] = found[3:5, 5, 5] = True
        lesion[10:14, 9:12, 9] = found[10:14, 9:12, 9] = True
    spacing = round(float(draw.integers(5, 41)) / 10, 1)
    return {
        "found": found,
        "lesion": lesion,
        "spacing": spacing,
        "tolerance": int(draw.choice(TOLERANCES)),
        "kind": kind,
    }


def ours(given: Case) -> dict[str, float]:
    """sadm's measures; the surface distances without its rule for missed lesions, which no peer has."""
    from sadm.evaluation.lesions import measure, surfaces

    found, lesion, spacing = given["found"], given["lesion"], given["spacing"]
    made = measure(found, lesion, spacing, given["tolerance"])
    said = {name: getattr(made, name) for name in ("pq", "sq", "rq")}
    total = found.sum() + lesion.sum()
    said["dice"] = 2 * (found & lesion).sum() / total if lesion.any() else float("nan")
    if lesion.any() and found.any():
        hd95, said["nsd"] = surfaces(found, lesion, np.zeros_like(lesion), given["tolerance"], 0.0)
        said["hd95"] = spacing * hd95
    return said


def monai(given: Case) -> dict[str, float]:
    """MONAI: Dice, HD95, and NSD with a tolerance that is larger by a millionth, so that its mm do not round below it."""
    import torch
    from monai.metrics import compute_dice, compute_hausdorff_distance, compute_surface_dice

    found, lesion = (torch.from_numpy(given[name])[None, None].float() for name in ("found", "lesion"))
    said = {"dice": float(compute_dice(found, lesion))}
    if given["found"].any() and given["lesion"].any():
        spacing = [given["spacing"]] * 3
        said["hd95"] = float(
            compute_hausdorff_distance(found, lesion, include_background=True, percentile=95, spacing=spacing)
        )
        near = [given["tolerance"] * given["spacing"] * (1 + 1e-6)]
        said["nsd"] = float(
            compute_surface_dice(found, lesion, near, include_background=True, spacing=spacing)
        )
    return said


def panoptica(given: Case, threshold: float = 0.5) -> dict[str, float]:
    """panoptica: panoptic quality of 26-connected components that match at IoU >= ``threshold``."""
    from panoptica import (
        ConnectedComponentsInstanceApproximator,
        InputType,
        NaiveThresholdMatching,
        Panoptica_Evaluator,
    )

    evaluator = Panoptica_Evaluator(
        expected_input=InputType.SEMANTIC,
        instance_approximator=ConnectedComponentsInstanceApproximator(),
        instance_matcher=NaiveThresholdMatching(matching_threshold=threshold),
    )
    made = next(
        iter(
            evaluator.evaluate(
                given["found"].astype(np.uint8), given["lesion"].astype(np.uint8), verbose=False
            ).values()
        )
    )
    return {name: float(getattr(made, name)) for name in ("pq", "sq", "rq")}


def panoptica_above(given: Case) -> dict[str, float]:
    """The same at IoU > .5, as here."""
    return panoptica(given, 0.5 + 1e-9)


PEERS: dict[str, Callable[[Case], dict[str, float]]] = {
    "ours": ours,
    "monai": monai,
    "panoptica": panoptica,
    "panoptica_above": panoptica_above,
}


def measured(name: str, folder: Path) -> None:
    """Measure all cases with a peer and keep what it says."""
    said = [PEERS[name](case(seed)) for seed in range(COUNT)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(said))


def compare(folder: Path) -> None:
    """Print how many numbers are equal, ties and others apart."""
    said = {
        name: json.loads((folder / f"{name}.json").read_text())
        for name in PEERS
        if (folder / f"{name}.json").exists()
    }
    print("| measure | peer | cases | equal | largest difference | of the others |")
    print("|---|---|---:|---:|---:|---|")
    for name, lines in said.items():
        for measure in lines[0] if name != "ours" else ():
            pairs = [
                (said["ours"][k][measure], line[measure], case(k)["kind"])
                for k, line in enumerate(lines)
                if measure in line and measure in said["ours"][k]
            ]
            apart = [
                0.0 if a != a and b != b else abs(a - b) / max(1, abs(a)) if a == a and b == b else np.inf
                for a, b, _ in pairs
            ]
            other = sorted({kind for (_, _, kind), off in zip(pairs, apart, strict=True) if off > EQUAL})
            equal = sum(off <= EQUAL for off in apart)
            print(
                f"| {measure} | {name} | {len(pairs)} | {equal} | {max(apart):.2g} | {', '.join(other) or 'none'} |"
            )


def main(what: str, folder: str) -> None:
    """One step of the comparison."""
    if what == "compare":
        compare(Path(folder))
    else:
        measured("ours" if what == "cases" else what, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
