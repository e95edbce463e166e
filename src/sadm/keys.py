"""The keys of the config: each with its default (the paper's value), its type and its meaning."""

from dataclasses import dataclass, field
from typing import Any


def key(default: Any, description: str, **limits: Any) -> Any:
    """A config key: its default, what it means, and JSON-schema limits (``minimum``, ``enum`` ...)."""
    made = {"default_factory": lambda: default} if isinstance(default, list | dict) else {"default": default}
    return field(metadata={"description": description, **limits}, **made)


INT, NUMBER, TEXT, FLAG = ({"type": t} for t in ("integer", "number", "string", "boolean"))


def listed(item: dict[str, Any], size: int | None = None) -> dict[str, Any]:
    """Schema of a list of ``item``, of exactly ``size`` if given."""
    return {"type": "array", "items": item} | (
        {"minItems": size, "maxItems": size} if size else {"minItems": 1}
    )


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """Schema that also admits null."""
    return {**schema, "type": [schema["type"], "null"]}


@dataclass(frozen=True)
class Atlas:
    """The SRI24 atlas (Rohlfing et al. 2010)."""

    path: str | None = key(
        None,
        "folder with t1_brats_space.nii and t1_skullstripped_brats_space.nii; null: fetched",
        **maybe(TEXT),
    )


@dataclass(frozen=True)
class Grid:
    """The grid that all volumes end on (paper, Appendix A)."""

    shape: list[int] = key(
        [192, 192, 160],
        "voxels of the full grid: right-left, anterior-posterior, inferior-superior",
        **listed({**INT, "minimum": 8}, 3),
    )
    spacing: float = key(1.0, "voxel size of the full grid in mm", **NUMBER, exclusiveMinimum=0)
    downsample: int = key(2, "block mean of this many voxels along each axis", **INT, minimum=1)
    crop: int = key(15, "axial slices removed at each end after down-sampling", **INT, minimum=0)


@dataclass(frozen=True)
class Registration:
    """Affine registration to SRI24 by ANTs, first by the head, then by the brain."""

    iterations: list[int] = key(
        [200, 100, 50, 0], "iterations by level, head to SRI24 head", **listed({**INT, "minimum": 0})
    )
    refine_iterations: list[int] = key(
        [100, 50, 20, 10], "iterations by level, brain to SRI24 brain", **listed({**INT, "minimum": 0})
    )
    retry_below: float = key(
        0.23,
        "normalised mutual information of head and SRI24 head (0 to 1; good ones have .26 to .31) below which other starts are tried",
        **NUMBER,
        minimum=0,
        maximum=1,
    )
    refine_retry_below: float = key(
        0.06, "the same of brain and SRI24 brain (good ones have about .09)", **NUMBER, minimum=0, maximum=1
    )
    seed: int = key(1, "seed of the sampling in the mutual information", **INT, minimum=1)


@dataclass(frozen=True)
class Brain:
    """Skull stripping; the method is chosen for each data set."""

    tta: bool = key(True, "HD-BET's test-time augmentation by mirroring (8 times the work)", **FLAG)
    device: str = key("auto", "where HD-BET runs", **TEXT, enum=["auto", "cpu", "cuda"])
    chunk: int = key(40, "scans that one job strips by HD-BET, its model loaded once", **INT, minimum=1)
    hdbet_parameters: str | None = key(
        None, "HD-BET's parameter folder; null: ~/hd-bet_params/release_2.0.0", **maybe(TEXT)
    )


@dataclass(frozen=True)
class Bias:
    """N4 bias field correction."""

    shrink: int = key(4, "N4 works on every n-th voxel", **INT, minimum=1)
    iterations: list[int] = key([20, 10, 10], "N4 iterations by level", **listed({**INT, "minimum": 0}))
    tolerance: float = key(
        0.0, "N4 stops a level below this change; 0: at the last iteration", **NUMBER, minimum=0
    )


@dataclass(frozen=True)
class Quality:
    """What a prepared scan must fulfil."""

    brain_ml: list[float] = key(
        [900.0, 1900.0],
        "smallest and largest brain volume in ml, in the scan's own space",
        **listed(NUMBER, 2),
    )
    overlap: float = key(
        0.93, "smallest Dice of the brain mask with the SRI24 brain", **NUMBER, minimum=0, maximum=1
    )
    coverage: float = key(
        0.8,
        "smallest share of an octant of the SRI24 brain in the brain mask",
        **NUMBER,
        minimum=0,
        maximum=1,
    )
    nmi: float = key(
        0.055,
        "smallest normalised mutual information with SRI24 in its brain",
        **NUMBER,
        minimum=0,
        maximum=1,
    )
    correlation: float = key(
        0.45,
        "smallest correlation with SRI24 in its brain: the contrast of a T1",
        **NUMBER,
        minimum=-1,
        maximum=1,
    )
    given_overlap: float = key(
        0.85, "overlap of a scan that comes stripped or in SRI24 space", **NUMBER, minimum=0, maximum=1
    )
    given_coverage: float = key(0.55, "the same for coverage", **NUMBER, minimum=0, maximum=1)
    given_nmi: float = key(0.02, "the same for nmi", **NUMBER, minimum=0, maximum=1)
    given_correlation: float = key(0.2, "the same for correlation", **NUMBER, minimum=-1, maximum=1)
    outside: float = key(
        0.02,
        "largest share of the SRI24 brain outside the scan's field of view",
        **NUMBER,
        minimum=0,
        maximum=1,
    )
    stretch: float = key(
        4.0,
        "largest distance of the head's stretch from adults', in standard deviations",
        **NUMBER,
        minimum=0,
    )
    rotation: float = key(
        60.0,
        "largest angle between the head and the axes of its header, in degrees",
        **NUMBER,
        minimum=0,
        maximum=180,
    )
    on_failure: str = key(
        "exclude", "a scan that fails is excluded by name, or stops the run", **TEXT, enum=["exclude", "stop"]
    )


COUNT_OR_SHARE = {"type": "number", "minimum": 0}


@dataclass(frozen=True)
class Splits:
    """How the subjects of the healthy data set are dealt (paper, Appendix B: 358/44/160, 5 folds)."""

    folds: int = key(5, "folds of training and validation", **INT, minimum=1)
    test: float = key(
        160, "healthy test subjects, the same in each fold: a count, or below 1 a share", **COUNT_OR_SHARE
    )
    val: float = key(44, "validation subjects of a fold: a count, or below 1 a share", **COUNT_OR_SHARE)
    train: float | None = key(
        358,
        "training subjects of a fold: a count, below 1 a share, null all that are left",
        **maybe(COUNT_OR_SHARE),
    )


@dataclass(frozen=True)
class Draem:
    """Synthetic anomalies (paper, Appendix C), for training on DRAEM and for the DRAEM test set."""

    threshold: list[float] = key(
        [0.25, 0.75], "range the threshold on the Perlin noise is drawn from, uniformly", **listed(NUMBER, 2)
    )
    max_scale: int = key(
        6, "the Perlin lattice has 2^k cells an axis, k uniform in 0 ... this", **INT, minimum=0, maximum=10
    )
    augmenters: list[str] = key(
        ["brightness", "sharpness", "hue_saturation", "solarize", "posterize", "autocontrast", "equalize"],
        "augmentations of the texture, of which `per_image` are drawn",
        **listed(TEXT),
    )
    per_image: int = key(3, "distinct augmentations applied to each texture", **INT, minimum=0)
    blend: list[float] = key(
        [0.2, 1.0],
        "range of the texture's weight in the blend with the slice",
        **listed({**NUMBER, "minimum": 0, "maximum": 1}, 2),
    )
    probability: float = key(1.0, "share of the slices that get an anomaly", **NUMBER, minimum=0, maximum=1)
    source: str = key(
        "noise",
        "texture that is augmented: the Perlin noise itself (as released), or the binary mask (one reading of the paper)",
        **TEXT,
        enum=["noise", "mask"],
    )
    within_brain: bool = key(False, "anomalies are painted inside the brain mask only", **FLAG)


@dataclass(frozen=True)
class Score:
    """The anomaly score (paper, section 3), and how it is measured."""

    ssim_sigma: float = key(
        1.0, "sigma of the Gaussian window of the 3-D SSIM, in voxels", **NUMBER, exclusiveMinimum=0
    )
    median: int = key(5, "edge of the 3-D median filter of the unsupervised map, in voxels", **INT, minimum=1)
    beta: float = key(
        0.5,
        "score = 2 (beta u + (1 - beta) p): 0.5 is the paper's 1:1 sum u + p",
        **NUMBER,
        minimum=0,
        maximum=1,
    )
    search: str = key(
        "exact",
        "how the threshold of Table 1's best Dice is found: exact, or greedy, the released code's ten bisections",
        **TEXT,
        enum=["exact", "greedy"],
    )
    empty: str = key(
        "exclude",
        "a test volume whose label is empty: excluded from Table 1's means, or its Dice counts as zero (released code)",
        **TEXT,
        enum=["exclude", "zero"],
    )
    rates: list[float] = key(
        [0.01, 0.05, 0.1],
        "false-positive rates in healthy validation brains that thresholds are set to",
        **listed({**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    )
    tolerance: float = key(
        1.0,
        "tolerance of the normalised surface distance, in voxels of the study's grid (paper: 2 mm)",
        **NUMBER,
        minimum=0,
    )


@dataclass(frozen=True)
class Statistics:
    """Intervals and tests; the subject is their unit."""

    resamples: int = key(10000, "bootstrap resamples of the test subjects", **INT, minimum=100)
    confidence: float = key(
        0.95, "coverage of the bootstrap intervals", **NUMBER, exclusiveMinimum=0, exclusiveMaximum=1
    )


@dataclass(frozen=True)
class Training:
    """How training runs; what is learnt is in `hyper`."""

    device: str = key("auto", "cuda where there is one, else cpu", **TEXT, enum=["auto", "cpu", "cuda"])
    amp: bool = key(True, "bfloat16 autocast on cuda", **FLAG)
    threads: int = key(1, "threads of a training or prediction job on the CPU", **INT, minimum=1)
    seeds: int = key(1, "trainings of each model in each fold, each with a seed of its own", **INT, minimum=1)
    validate_every: int = key(1, "epochs between two validations", **INT, minimum=1)
    validation_slices: int = key(4, "fixed slices of each validation volume", **INT, minimum=1)
    checkpoint_every: int = key(20, "epochs between two resumable states", **INT, minimum=1)


@dataclass(frozen=True)
class Imagenet:
    """ImageNet weights of the feature extractors of FAE and RD."""

    weights: str = key(
        "fetch",
        "fetch (checked), a folder that holds torchvision's files, or random (untrained features, which the table marks)",
        **TEXT,
    )


@dataclass(frozen=True)
class Dataset:
    """One data set: which importer lists it, and how its scans are treated."""

    importer: str = key("", "module of sadm.data that lists the scans", **TEXT)
    title: str = key("", "name printed in tables and figures; empty: the key itself", **TEXT)
    brain: str = key(
        "hd-bet",
        "brain mask: hd-bet, deepbet, given (the importer's mask), none (already stripped: non-zero voxels)",
        **TEXT,
        enum=["hd-bet", "deepbet", "given", "none"],
    )
    annotated: float = key(
        0.1,
        "annotated subset, for data sets with lesions: a count of subjects, or below 1 a share",
        **COUNT_OR_SHARE,
    )
    annotated_val: float = key(
        0.1, "validation part of the annotated subset: a count, or below 1 a share of it", **COUNT_OR_SHARE
    )
    options: dict[str, Any] = key({}, "the importer's own options", type="object")


SECTIONS = {
    "atlas": Atlas, "grid": Grid, "registration": Registration, "brain": Brain, "bias": Bias, "quality": Quality,
    "splits": Splits, "draem": Draem, "score": Score, "statistics": Statistics, "training": Training,
    "imagenet": Imagenet,
}  # fmt: skip
TOP: dict[str, tuple[Any, dict[str, Any]]] = {
    "name": (None, {**TEXT, "description": "name of the study, printed in the table"}),
    "protocol": ("paper", {**TEXT, "enum": ["paper", "released"], "description": "whose numbers: the paper's text, or the released code's (an overlay sets them)"}),
    "seed": (3141, {**INT, "minimum": 0, "description": "seed of all random draws, together with each job's identity"}),
    "datasets": (None, {"type": "object", "minProperties": 1, "description": "one entry a data set"}),
    "healthy": ("", {**TEXT, "description": "the data set of healthy subjects: stage I trains on it, DRAEM anomalies are painted on it"}),
    "testsets": ([], {**listed(TEXT), "uniqueItems": True, "description": "test sets, in the order of the table's columns: data sets, or draem"}),
    "rows": ({}, {"type": "object", "minProperties": 1, "additionalProperties": TEXT, "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"},
                    "description": "rows of the table: METHOD or METHOD@TRAINING_SET, joined by + where maps are added; a study without healthy, testsets and rows only prepares its scans"}),
    "figures": ([], {"type": "array", "items": TEXT, "description": "rows shown in the figures"}),
}  # fmt: skip
