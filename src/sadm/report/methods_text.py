"""The study in words: a paragraph to copy into a paper, made of the config, so that it cannot differ from what ran."""

from collections.abc import Mapping
from typing import Any

BRAINS = {
    "hd-bet": "HD-BET (Isensee et al. 2019)",
    "deepbet": "deepbet (Fisch et al. 2024)",
    "given": "the brain masks that the data set brings",
    "none": "the brain as delivered, already stripped",
}


def preprocessing(config: Mapping[str, Any]) -> str:
    """What was done to the scans."""
    brains: dict[str, list[str]] = {}
    for dataset in config["datasets"].values():
        brains.setdefault(BRAINS[dataset["brain"]], []).append(dataset["title"])
    stripped = "; ".join(f"{', '.join(names)}: {how}" for how, names in brains.items())
    grid = config["grid"]
    fine = " x ".join(map(str, grid["shape"]))
    x, y, z = (size // grid["downsample"] for size in grid["shape"])
    return (
        "T1-weighted scans were registered affinely to the SRI24 atlas (Rohlfing et al. 2010) with ANTs, heads to the atlas with "
        f"skull and brains to the atlas without; brain extraction by data set ({stripped}); the registration was refined by the "
        f"brain; intensity non-uniformity was corrected with N4 (shrink factor {config['bias']['shrink']}, "
        f"{'/'.join(map(str, config['bias']['iterations']))} iterations). Both transforms and the field were applied to the raw "
        f"scan in one interpolation on {fine} voxels of {grid['spacing']:g} mm, averaged over blocks of {grid['downsample']} voxels "
        f"an axis; {grid['crop']} axial slices were removed at each end, which leaves {x} x {y} x {z - 2 * grid['crop']} voxels of "
        f"{grid['spacing'] * grid['downsample']:g} mm. Intensities were scaled from percentiles 1 and 99 in the brain to [0, 1]. "
        f"Scans with a brain outside {config['quality']['brain_ml'][0]:g} to {config['quality']['brain_ml'][1]:g} ml or a Dice with the "
        f"atlas brain below {config['quality']['overlap']:g} were excluded by name."
    )


def training(config: Mapping[str, Any]) -> str:
    """How the methods were trained and scored."""
    splits, score, titles = config["splits"], config["score"], config["datasets"]
    annotated = ", ".join(
        f"{dataset['title']} {dataset['annotated']:g}, of these {dataset['annotated_val']:g} for validation"
        for name, dataset in titles.items()
        if name != config["healthy"]
    )
    seeds = config["training"]["seeds"]
    trained = f"Each model was trained {seeds} times in each fold, with other seeds. " if seeds > 1 else ""
    return (
        f"Healthy subjects ({titles[config['healthy']]['title']}) were dealt to {splits['folds']} fold{'s' if splits['folds'] > 1 else ''} of training and validation, with "
        f"{splits['test']:g} test and {splits['val']:g} validation subjects (below 1: a share), disjoint by subject. Annotated subjects "
        f"used for training (a count, or below 1 a share): {annotated}. The anomaly score of a row of two maps is "
        f"2 (beta u + (1 - beta) p) with beta {score['beta']:g}, of the map u = median ({score['median']} voxels) of 1 - SSIM (sigma "
        f"{score['ssim_sigma']:g} voxels) between scan and pseudo-healthy reconstruction, and the probability p of the segmentation "
        f"network (Behrendt et al., MIDL 2024). {trained}Feature extractors have "
        + (
            "random weights, not ImageNet's."
            if config["imagenet"]["weights"] == "random"
            else "ImageNet weights."
        )
    )
