"""CPU seconds of the preprocessing of one head, step by step, beside the plain calls on the same head in the same run.

    python benchmarks/preprocess.py T1.nii.gz [TEMPLATE_FOLDER]

Plain: the head registered to SRI24 by ANTs' default affine, deepbet on the raw head, N4 with SimpleITK's defaults at full
resolution, image and mask resampled separately to 1 mm and then to 2 mm. Each step is a process of its own, as in the
workflow: interpreter start and imports count.

Differences, over the brain: the registration from ANTs' default affine of the stripped scan to the SRI24 brain, run until it
converges at each level (distance in mm between the two places of an SRI24 brain voxel); the bias field from N4 with the same
settings on every voxel of the 1 mm grid, and from the plain one (share of its value, both with mean logarithm 0). Prints JSON.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import chain

from sadm.runtime.process import keep_freed_memory

PLAIN = ("plain_register", "plain_brain", "plain_bias", "plain_resample")
REFERENCES = ("reference_register", "reference_bias")


def ants_affine(fixed: str, moving: str, out: str) -> None:
    """ANTs' default affine."""
    import ants

    found = ants.registration(ants.image_read(fixed), ants.image_read(moving), "Affine")
    os.replace(found["fwdtransforms"][0], out)


def plain_register(t1: str, at: chain.At) -> None:
    """Plain: head to head."""
    ants_affine(at("head.nii.gz"), t1, at("plain.mat"))


def plain_brain(t1: str, at: chain.At) -> None:
    """Plain: deepbet on the raw head."""
    import torch
    from deepbet import BrainExtraction

    torch.set_num_threads(1)
    BrainExtraction(no_gpu=True).run(t1, mask_path=at("plain_mask.nii.gz"))


def plain_bias(t1: str, at: chain.At) -> None:
    """Plain: N4 with SimpleITK's defaults on every voxel."""
    import SimpleITK as sitk

    image, mask = (
        sitk.ReadImage(t1, sitk.sitkFloat32),
        sitk.ReadImage(at("plain_mask.nii.gz"), sitk.sitkUInt8),
    )
    mask.CopyInformation(image)
    sitk.WriteImage(sitk.N4BiasFieldCorrectionImageFilter().Execute(image, mask), at("plain_n4.nii.gz"))


def plain_resample(t1: str, at: chain.At) -> None:
    """Plain: image and mask to SRI24, then each to 2 mm."""
    import ants

    head = ants.image_read(at("head.nii.gz"))
    for name, how in (("plain_n4", "linear"), ("plain_mask", "nearestNeighbor")):
        image = ants.image_read(at(f"{name}.nii.gz"))
        moved = ants.apply_transforms(head, image, [at("plain.mat")], interpolator=how)
        small = ants.resample_image(moved, (2, 2, 2), False, 0 if how == "linear" else 1)
        small.to_filename(at(f"{name}_2mm.nii.gz"))


def reference_register(t1: str, at: chain.At) -> None:
    """The stripped scan to the SRI24 brain, every level until it converges, at the scan's own resolution."""
    import nibabel as nib
    import numpy as np

    from sadm.preprocess.space import Grid, read_transform, sample

    image, mask = nib.load(t1), nib.load(at("mask.nii.gz"))
    inside = sample(mask, Grid.of(image), np.linalg.inv(read_transform(at("start.mat")))) >= 0.5
    brain = np.asarray(image.dataobj, dtype=np.float32) * inside
    nib.Nifti1Image(brain, image.affine).to_filename(at("stripped.nii.gz"))
    ants_affine(at("brain.nii.gz"), at("stripped.nii.gz"), at("reference.mat"))


def reference_bias(t1: str, at: chain.At) -> None:
    """N4 with our settings on every voxel of the 1 mm grid."""
    from sadm.preprocess.bias import bias

    names = ("mask.nii.gz", "start.mat", "refined.mat", "brain.nii.gz", "reference_field.nii.gz")
    settings = chain.BIAS | {"shrink": 1}
    bias(t1, *map(at, names), space="native", grid=chain.PLACE, **settings)


def registration_difference(folder: Path) -> dict[str, float]:
    """Mean and largest distance in mm, over the SRI24 brain, from the reference."""
    import nibabel as nib
    import numpy as np

    from sadm.preprocess.space import read_transform

    template = nib.load(folder / "brain.nii.gz")
    voxels = np.argwhere(np.asarray(template.dataobj) > 0)
    ours, reference = (read_transform(folder / f"{name}.mat") for name in ("refined", "reference"))
    apart = ((ours - reference) @ template.affine)[:3]
    distance = np.linalg.norm(voxels @ apart[:, :3].T + apart[:, 3], axis=1)
    return {"mean_mm": round(float(distance.mean()), 3), "max_mm": round(float(distance.max()), 3)}


def bias_differences(t1: str, folder: Path) -> dict[str, Any]:
    """Mean and 95th percentile over the brain of |ours / reference - 1|, for both references."""
    import nibabel as nib
    import numpy as np

    from sadm.preprocess.bias import evaluate
    from sadm.preprocess.space import Grid, carry_mask, read_transform, sample, study_grid

    start, refined = (read_transform(folder / f"{name}.mat") for name in ("start", "refined"))
    grid: Grid = study_grid(nib.load(folder / "brain.nii.gz"), **chain.PLACE)
    inside = carry_mask(nib.load(folder / "mask.nii.gz"), grid, np.linalg.inv(start) @ refined)
    raw, plain = (sample(nib.load(file), grid, refined) for file in (t1, folder / "plain_n4.nii.gz"))
    inside &= (raw > 0) & (plain > 0)
    fields = {
        name: evaluate(nib.load(folder / f"{name}.nii.gz"), grid)[inside]
        for name in ("field", "reference_field")
    }
    fields["plain"] = raw[inside] / plain[inside]
    logs = {name: np.log(field) - np.log(field).mean() for name, field in fields.items()}
    found = {}
    for name, title in (("reference_field", "same_settings"), ("plain", "plain")):
        apart = np.abs(np.expm1(logs["field"] - logs[name]))
        found[title] = {
            "mean": round(float(apart.mean()), 5),
            "p95": round(float(np.percentile(apart, 95)), 5),
        }
    return found


def measure(step: str, t1: str, folder: str) -> dict[str, float]:
    """CPU seconds and peak memory (MB) of one step in a process of its own."""
    run = subprocess.run(
        [sys.executable, __file__, "--step", step, t1, folder], check=True, capture_output=True, text=True
    )
    return json.loads(run.stdout.splitlines()[-1])


def plain_overlap(folder: Path) -> float:
    """Dice of the plain result's mask with the SRI24 brain, at 1 mm."""
    import nibabel as nib
    import numpy as np

    from sadm.preprocess.quality import dice
    from sadm.preprocess.space import Grid, read_transform, sample

    template, mask = nib.load(folder / "brain.nii.gz"), nib.load(folder / "plain_mask.nii.gz")
    moved = sample(mask, Grid.of(template), read_transform(folder / "plain.mat"))
    return dice(moved >= 0.5, np.asarray(template.dataobj) > 0)


def main(t1: str, template_folder: str | None = None) -> None:
    """Run both chains on the head ``t1`` and print the comparison."""
    import nibabel as nib

    with tempfile.TemporaryDirectory() as name:
        folder = chain.template(Path(name), template_folder)
        steps = {step: measure(step, t1, name) for step in (*chain.STEPS, *PLAIN, *REFERENCES)}
        quality = json.loads((folder / "qc.json").read_text())
        ours, plain = (sum(steps[step]["cpu_s"] for step in group) for group in (chain.STEPS, PLAIN))
        image = nib.load(t1)
        result = {
            "machine": {
                "cpus": os.cpu_count(),
                "processor": platform.machine(),
                "python": platform.python_version(),
            },
            "head": {
                "shape": image.shape,
                "voxel_mm": [round(float(v), 3) for v in image.header.get_zooms()],
            },
            "steps": steps,
            "cpu_s": {"ours": round(ours, 2), "plain": round(plain, 2)},
            "ratio": round(plain / ours, 2),
            "overlap_with_sri24": {"ours": quality["overlap"], "plain": plain_overlap(folder)},
            "differences": {
                "registration": registration_difference(folder),
                "bias": bias_differences(t1, folder),
            },
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        if sys.argv[2] in chain.STEPS:
            keep_freed_memory()  # as every job of the workflow does
        (chain.STEPS | globals())[sys.argv[2]](sys.argv[3], lambda file: str(Path(sys.argv[4], file)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu_s": round(used.ru_utime + used.ru_stime, 2), "mb": used.ru_maxrss // 1024}))
    else:
        main(*sys.argv[1:])
