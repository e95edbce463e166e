"""CPU seconds of the preprocessing of one head, step by step, beside the plain calls on the same head in the same run.

    python benchmarks/preprocess.py T1.nii.gz [ATLAS_FOLDER]

Plain: the head registered to SRI24 by ANTs' default affine, deepbet on the raw head, N4 with SimpleITK's defaults at full
resolution, image and mask resampled separately to 1 mm and then to 2 mm. Prints JSON. Each step is a process of its own, as
in the workflow: interpreter start and imports count.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
for variable in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[variable] = "1"

GRID = {"shape": [192, 192, 160], "spacing": 1.0}
OURS = ("register", "brain", "refine", "bias", "grid")
PLAIN = ("plain_register", "plain_brain", "plain_bias", "plain_resample")


def register(t1: str, at: Callable[[str], str]) -> None:
    """Ours: head to head."""
    from sadm.preprocess.register import register

    levels = {"iterations": [200, 100, 50, 0], "retry_below": 0.23, "seed": 1}
    register(
        t1,
        at("head.nii.gz"),
        at("brain.nii.gz"),
        at("start.mat"),
        space="native",
        stripped=False,
        grid=GRID,
        **levels,
    )


def brain(t1: str, at: Callable[[str], str]) -> None:
    """Ours: deepbet on the SRI24 grid."""
    from sadm.preprocess.brain import brain

    rest = {"method": "deepbet", "tta": False, "device": "cpu", "hdbet_parameters": None, "threads": 1}
    brain(t1, at("start.mat"), at("brain.nii.gz"), "", at("mask.nii.gz"), **rest)


def refine(t1: str, at: Callable[[str], str]) -> None:
    """Ours: brain to brain."""
    from sadm.preprocess.refine import refine

    levels = {"refine_iterations": [100, 50, 20, 0], "refine_retry_below": 0.06, "seed": 1}
    files = (t1, at("mask.nii.gz"), at("start.mat"), at("brain.nii.gz"), at("refined.mat"))
    refine(*files, space="native", stripped=False, **levels)


def bias(t1: str, at: Callable[[str], str]) -> None:
    """Ours: N4 at 4 mm, stored coarse."""
    from sadm.preprocess.bias import bias

    files = (
        t1,
        at("mask.nii.gz"),
        at("start.mat"),
        at("refined.mat"),
        at("brain.nii.gz"),
        at("field.nii.gz"),
    )
    bias(*files, space="native", grid=GRID, shrink=4, iterations=[40, 30, 20], tolerance=0.001)


def grid(t1: str, at: Callable[[str], str]) -> None:
    """Ours: one interpolation."""
    from sadm.keys import Quality
    from sadm.preprocess.grid import grid

    outputs = {name: at(f"out_{name}.nii.gz") for name in ("t1", "brain", "lesion")}
    outputs |= {"qc": at("qc.json"), "picture": at("qc.png")}
    files = (
        t1,
        at("mask.nii.gz"),
        at("start.mat"),
        at("refined.mat"),
        at("field.nii.gz"),
        "",
        at("brain.nii.gz"),
    )
    grid(*files, outputs, grid=GRID | {"downsample": 2, "crop": 15}, limits=asdict(Quality()))


def plain_register(t1: str, at: Callable[[str], str]) -> None:
    """Plain: ANTs' default affine."""
    import ants

    found = ants.registration(ants.image_read(at("head.nii.gz")), ants.image_read(t1), "Affine")
    os.replace(found["fwdtransforms"][0], at("plain.mat"))


def plain_brain(t1: str, at: Callable[[str], str]) -> None:
    """Plain: deepbet on the raw head."""
    import torch
    from deepbet import BrainExtraction

    torch.set_num_threads(1)
    BrainExtraction(no_gpu=True).run(t1, mask_path=at("plain_mask.nii.gz"))


def plain_bias(t1: str, at: Callable[[str], str]) -> None:
    """Plain: N4 with SimpleITK's defaults on every voxel."""
    import SimpleITK as sitk

    image, mask = (
        sitk.ReadImage(t1, sitk.sitkFloat32),
        sitk.ReadImage(at("plain_mask.nii.gz"), sitk.sitkUInt8),
    )
    mask.CopyInformation(image)
    sitk.WriteImage(sitk.N4BiasFieldCorrectionImageFilter().Execute(image, mask), at("plain_n4.nii.gz"))


def plain_resample(t1: str, at: Callable[[str], str]) -> None:
    """Plain: image and mask to the atlas, then each to 2 mm."""
    import ants

    head = ants.image_read(at("head.nii.gz"))
    for name, how in (("plain_n4", "linear"), ("plain_mask", "nearestNeighbor")):
        moved = ants.apply_transforms(
            head, ants.image_read(at(f"{name}.nii.gz")), [at("plain.mat")], interpolator=how
        )
        ants.resample_image(moved, (2, 2, 2), False, 0 if how == "linear" else 1).to_filename(
            at(f"{name}_2mm.nii.gz")
        )


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

    template = nib.load(folder / "brain.nii.gz")
    mask = sample(
        nib.load(folder / "plain_mask.nii.gz"), Grid.of(template), read_transform(folder / "plain.mat")
    )
    return dice(mask >= 0.5, np.asarray(template.dataobj) > 0)


def main(t1: str, atlas_folder: str | None = None) -> None:
    """Run both chains on the head ``t1`` and print the comparison."""
    import nibabel as nib

    from sadm.preprocess.atlas import atlas

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        atlas(str(folder / "head.nii.gz"), str(folder / "brain.nii.gz"), atlas_folder)
        steps = {step: measure(step, t1, name) for step in (*OURS, *PLAIN)}
        quality = json.loads((folder / "qc.json").read_text())
        ours, plain = (sum(steps[step]["cpu_s"] for step in group) for group in (OURS, PLAIN))
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
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    if sys.argv[1] == "--step":
        globals()[sys.argv[2]](sys.argv[3], lambda file: str(Path(sys.argv[4], file)))
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu_s": round(used.ru_utime + used.ru_stime, 2), "mb": used.ru_maxrss // 1024}))
    else:
        main(*sys.argv[1:])
