"""The study in words: paragraphs to copy into a paper, each sentence made of the values that ran, so that it cannot differ from them.

``config`` is the study's, complete; ``told`` what the workflow derives from it: limits {data set: those of its checks}, trained {model:
training set, epochs, slices of a volume an epoch}, protocol (`sadm.study.protocol`).
"""

from collections.abc import Mapping
from typing import Any

from sadm.statistics.claims import LEVEL
from sadm.statistics.intervals import FEW
from sadm.study.checks import DRAEM

BRAINS = {
    "hd-bet": "HD-BET {hdbet} (Isensee et al. 2019{how})",
    "deepbet": "deepbet (Fisch et al. 2024)",
    "given": "the brain masks that the data set brings",
    "none": "the brain as delivered, already stripped",
}


CHECKS = {
    "brain_ml": "brain volume {0[1]:g} to {0[2]:g} ml ({0[0]:g} to {0[3]:g})",
    "overlap": "Dice of the brain mask with the atlas brain at least {0[1]:g} ({0[0]:g})",
    "coverage": "share of the atlas brain in the mask, in the worst octant, at least {0[1]:g} ({0[0]:g})",
    "nmi": "normalised mutual information with the atlas at least {0[1]:g} ({0[0]:g})",
    "correlation": "correlation with the atlas at least {0[1]:g} ({0[0]:g})",
    "outside": "share of the atlas brain outside the field of view at most {0[0]:g} ({0[1]:g})",
    "stretch": "stretch of the affine at most {0[0]:g} standard deviations from adults' ({0[1]:g})",
    "rotation": "rotation at most {0[0]:g} degrees ({0[1]:g})",
    "offset": "centre of a brain that comes in atlas space at most {0[0]:g} mm from the atlas brain's ({0[1]:g})",
}
TEXTURES = {"noise": "the noise itself", "mask": "a constant"}
SEARCH = {"exact": "over all thresholds", "greedy": "by the released code's ten bisections"}
EMPTY = {"exclude": "were left out", "zero": "counted as Dice 0"}
DOWN = {
    "mean": "averaged over blocks of {0} voxels an axis",
    "bspline": "down-sampled by a cubic B-spline at the centre of each block of {0} voxels an axis, not clipped",
}
MASKS = {"share": "", "nearest": " Masks and labels were down-sampled by their nearest voxel."}
FATE = {
    "keep": "were kept and are named",
    "exclude": "were excluded by name",
    "stop": "would have stopped the study",
}


def _hdbet(said: Mapping[str, Any]) -> dict[str, Any]:
    """Version of HD-BET, and what its mask is the mean of."""
    networks = "" if said["hdbet"] == 2 else f"; {said['models']} network{'s' * (said['models'] > 1)}"
    return {"hdbet": said["hdbet"], "how": networks + (", mean over 8 mirrorings" if said["tta"] else "")}


def preprocessing(config: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """What was done to the scans."""
    brains: dict[str, list[str]] = {}
    for dataset in config["datasets"].values():
        how = BRAINS[dataset["brain"]].format(**_hdbet(config["brain"]))
        brains.setdefault(how, []).append(dataset["title"])
    stripped = "; ".join(f"{', '.join(names)}: {how}" for how, names in brains.items())
    grid, steps = config["grid"], config["grid"]["curvature_flow"]
    flow = f", after {_plural(steps, 'iteration')} of curvature flow (time step 0.125)" if steps else ""
    fine = " x ".join(map(str, grid["shape"]))
    x, y, z = (size // grid["downsample"] for size in grid["shape"])
    return (
        "T1-weighted scans were registered affinely to the SRI24 atlas (Rohlfing et al. 2010) with ANTs, heads to the atlas with "
        f"skull and brains to the atlas without; brain extraction by data set ({stripped}); the registration was refined by the "
        f"brain; intensity non-uniformity was corrected with N4 (shrink factor {config['bias']['shrink']}, "
        f"{'/'.join(map(str, config['bias']['iterations']))} iterations). Both transforms and the field were applied to the raw "
        f"scan in one interpolation on {fine} voxels of {grid['spacing']:g} mm, {DOWN[grid['resampling']].format(grid['downsample'])}; "
        f"{grid['crop']} axial slices were removed at each end, which leaves {x} x {y} x {z - 2 * grid['crop']} voxels of "
        f"{grid['spacing'] * grid['downsample']:g} mm.{MASKS[grid['labels']]} Intensities were scaled from percentiles 1 and 99 in the brain of the "
        f"remaining slices to [0, 1]{flow}. " + checks(config, told["limits"])
    )


def checks(config: Mapping[str, Any], limits: Mapping[str, Mapping[str, Any]]) -> str:
    """What a prepared scan had to fulfil, by the data sets that share their limits."""
    shared: dict[str, list[str]] = {}
    for name, own in limits.items():
        said = "; ".join(form.format(own[key]) for key, form in CHECKS.items())
        shared.setdefault(said, []).append(config["datasets"][name]["title"])
    said = ". ".join(f"{', '.join(names)}: {text}" for text, names in shared.items())
    quality = config["quality"]
    return (
        f"Scans beyond one of {len(CHECKS)} limits count as unusual and {FATE[quality['on_unusual']]}; scans beyond the limits in "
        f"brackets, without a brain or on which a step failed are unusable and {FATE[quality['on_failure']]}. {said}."
    )


def training(config: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """How subjects were dealt, and how the methods were trained."""
    splits, titles = config["splits"], config["datasets"]
    annotated = ", ".join(
        f"{dataset['title']} {dataset['annotated']:g}, of these {dataset['annotated_val']:g} for validation"
        for name, dataset in titles.items()
        if name != config["healthy"]
    )
    lengths: dict[str, list[str]] = {}
    for model, (_, epochs, slices) in told["trained"].items():
        lengths.setdefault(f"{epochs} epochs of {_plural(slices, 'slice')} a volume", []).append(model)
    trained = "; ".join(f"{', '.join(models)}: {length}" for length, models in lengths.items())
    shared = (
        "the same in every fold"
        if splits["annotated_folds"] == "same"
        else "other ones of them for validation in every fold"
    )
    seeds = config["training"]["seeds"]
    times = f"{seeds} times in each fold, with other seeds" if seeds > 1 else "once in each fold"
    train = "all other" if splits["train"] is None else f"{splits['train']:g}"
    features = (
        "random weights, not ImageNet's" if config["imagenet"]["weights"] == "random" else "ImageNet weights"
    )
    return (
        f"Healthy subjects ({titles[config['healthy']]['title']}) were dealt to {_plural(splits['folds'], 'fold')} of training and validation, "
        f"with {splits['test']:g} test, {splits['val']:g} validation and {train} subjects for training (below 1: a share), disjoint by subject; the test "
        f"subjects are the same in every fold. Annotated subjects used for training (a count, or below 1 a share), {shared}: "
        f"{annotated}. Each model was trained {times} ({trained}); the checkpoint with the best validation loss was kept. Feature extractors have {features}."
        + anomalies(config, told)
    )


def anomalies(config: Mapping[str, Any], told: Mapping[str, Any]) -> str:
    """How synthetic anomalies were painted, with a space before it; nothing in a study without them."""
    if (
        not any(name.partition("-")[2] == DRAEM for name in told["trained"])
        and DRAEM not in config["testsets"]
    ):
        return ""
    said = config["draem"]
    low, high = said["threshold"]
    threshold = f"{low:g}" if low == high else f"a number drawn from {low:g} to {high:g}"
    inside = " inside the brain" if said["within_brain"] else ""
    return (
        f" Synthetic anomalies (DRAEM) were painted on {100 * said['probability']:g} % of the slices{inside}: Perlin noise of 2^0 to "
        f"2^{said['max_scale']} cells on 256 mm an axis, above {threshold}, filled with {TEXTURES[said['source']]} after "
        f"{said['per_image']} of these augmentations ({', '.join(said['augmenters'])}), with a weight of {said['blend'][0]:g} to "
        f"{said['blend'][1]:g}."
    )


def scoring(config: Mapping[str, Any]) -> str:
    """What the score is, how it was measured, and how sure the numbers are."""
    score, statistics = config["score"], config["statistics"]
    rates = ", ".join(f"{100 * rate:g}" for rate in score["rates"])
    return (
        "The anomaly score of a row of two maps is "
        f"2 (beta u + (1 - beta) p) with beta {score['beta']:g}, of the map u = median ({score['median']} voxels) of 1 - SSIM (sigma "
        f"{_plural(score['ssim_sigma'], 'voxel')}) between scan and pseudo-healthy reconstruction, and the probability p of the segmentation "
        f"network (Behrendt et al., MIDL 2024). Best Dice of each test volume was found {SEARCH[score['search']]} on its own label, an upper "
        f"bound, and AUPRC as the step-wise area of each volume; volumes with an empty label {EMPTY[score['empty']]}. Further thresholds were the best for the test "
        f"set (an upper bound), the best mean Dice over the validation volumes of the fold, and those that {rates} % of the brain voxels of "
        "the fold's healthy validation scans reach. Lesions are 26-connected; panoptic quality matches at IoU > 0.5, normalised surface distance has a "
        f"tolerance of {_plural(score['tolerance'], 'voxel')}. Numbers are means over volumes, then over folds. Intervals ({100 * statistics['confidence']:g} %) are over subjects, Student's t "
        f"below {FEW} subjects, else of {statistics['resamples']} bootstrap resamples. Tested were claims fixed beforehand, by Wilcoxon's signed-rank test "
        f"over subjects (two-sided, zeros dropped), Holm-corrected within the claims of one kind, test set and measure, at the level {LEVEL:g}."
    )


def _plural(count: float, what: str) -> str:
    return f"{count:g} {what}{'s' if count != 1 else ''}"
