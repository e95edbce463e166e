"""The keys of data sets, splits, synthetic anomalies, training, scores and statistics."""

from dataclasses import dataclass
from typing import Any

from sadm.runtime.kinds import LIMITS
from sadm.study.fits import AUGMENTERS
from sadm.study.keys.declare import COUNT_OR_SHARE, FLAG, INT, NUMBER, PATH, SOME, TEXT, key, listed, maybe


@dataclass(frozen=True)
class Splits:
    """How the subjects of the healthy data set are dealt (paper, Appendix B: 358/44/160, 5 folds)."""

    folds: int = key(5, "folds of training and validation", **INT, minimum=1, maximum=100)
    test: float = key(
        160, "healthy test subjects, the same in each fold: a count, or below 1 a share", **SOME
    )
    val: float = key(44, "validation subjects of a fold: a count, or below 1 a share", **SOME)
    train: float | None = key(
        358,
        "training subjects of a fold: a count, below 1 a share, null all that are left",
        **maybe(SOME),
    )
    annotated_folds: str = key(
        "same",
        "annotated training and validation subjects: the same in each fold (paper), or rotate: other ones of the subset validate",
        **TEXT,
        enum=["same", "rotate"],
    )


@dataclass(frozen=True)
class Draem:
    """Synthetic anomalies (paper, Appendix C), for training on DRAEM and for the DRAEM test set."""

    threshold: list[float] = key(
        [0.5, 0.5],
        "range the threshold on the Perlin noise is drawn from, uniformly; with 0.5 alone, as released, Table 1 is possible, with 0.25 to 0.75, one reading of the paper's text, it is not",
        **listed({**NUMBER, "minimum": -1, "exclusiveMaximum": 1}, 2),
    )
    max_scale: int = key(
        6,
        "the Perlin lattice has 2^k cells on 256 mm, k uniform in 0 ... this; not given: down to cells of 4 mm, or of two voxels where these are larger, which is 6 on the paper's grid",
        **INT,
        minimum=0,
        maximum=10,
    )
    augmenters: list[str] = key(
        ["brightness", "sharpness", "hue_saturation", "solarize", "posterize", "autocontrast", "equalize"],
        "augmentations of the texture, of which `per_image` are drawn",
        **listed({**TEXT, "enum": list(AUGMENTERS)}),
        uniqueItems=True,
    )
    per_image: int = key(
        3, "distinct augmentations applied to each texture", **INT, minimum=0, maximum=len(AUGMENTERS)
    )
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
        1.0,
        "sigma of the Gaussian window of the 3-D SSIM, in voxels",
        **NUMBER,
        exclusiveMinimum=0,
        maximum=10,
    )
    median: int = key(
        5,
        "edge of the 3-D median filter of the unsupervised map, in voxels: an odd number",
        **INT,
        enum=list(range(1, 22, 2)),
    )
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
    subset_threshold: bool = key(
        False,
        "also fit the released code's threshold, on each whole annotated subset, training scans included (results/statistics/released.tsv alone)",
        **FLAG,
    )
    rates: list[float] = key(
        [0.01, 0.05, 0.1],
        "false-positive rates in healthy validation brains that thresholds are set to",
        **listed({**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        uniqueItems=True,
    )
    tolerance: float = key(
        1.0,
        "tolerance of the normalised surface distance, in voxels of the study's grid (paper: 2 mm)",
        **NUMBER,
        minimum=0,
        maximum=100,
    )


@dataclass(frozen=True)
class Statistics:
    """Intervals and tests; the subject is their unit."""

    resamples: int = key(
        10000, "bootstrap resamples of the test subjects", **INT, minimum=100, maximum=100_000
    )
    confidence: float = key(
        0.95, "coverage of the intervals", **NUMBER, exclusiveMinimum=0, exclusiveMaximum=1
    )
    shown: str = key(
        "deviation",
        "what stands beside a mean in table1.md and .tex: deviation over folds, as in the paper, or interval over subjects",
        **TEXT,
        enum=["deviation", "interval"],
    )


@dataclass(frozen=True)
class Training:
    """How training runs; what is learnt is in `hyper`."""

    device: str = key("auto", "cuda where there is one, else cpu", **TEXT, enum=["auto", "cpu", "cuda"])
    amp: bool = key(True, "bfloat16 autocast on cuda", **FLAG)
    threads: int = key(
        1, "threads of a training or prediction job on the CPU", **INT, minimum=1, maximum=1024
    )
    seeds: int = key(
        1, "trainings of each model in each fold, each with a seed of its own", **INT, minimum=1, maximum=100
    )
    validate_every: int = key(1, "epochs between two validations", **LIMITS["Count"])
    validation_slices: int = key(
        4,
        "fixed slices of each healthy validation volume; of the annotated ones, which are few, all slices validate",
        **INT,
        minimum=1,
        maximum=1000,
    )
    checkpoint_every: int = key(20, "epochs between two resumable states", **LIMITS["Count"])


@dataclass(frozen=True)
class Imagenet:
    """ImageNet weights of the feature extractors of FAE and RD."""

    weights: str = key(
        "fetch",
        "fetch (checked), a folder that holds torchvision's files, or random (untrained features, which the table marks)",
        **PATH,
    )


@dataclass(frozen=True)
class Dataset:
    """One data set: which importer lists it, and how its scans are treated."""

    importer: str = key("", "module of sadm.data that lists the scans", **PATH)
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
    missing_lesions: str = key(
        "stop",
        "scans without a lesion label in a data set of patients: stop, exclude (they are named), or empty (healthy volumes: they count for "
        "false alarms, not for Dice)",
        **TEXT,
        enum=["stop", "exclude", "empty"],
    )
    options: dict[str, Any] = key({}, "the importer's own options", type="object")
