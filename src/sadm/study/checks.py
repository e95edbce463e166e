"""What a config may say that no schema can tell: each check raises ConfigError with the key and a hint."""

import math
from typing import TYPE_CHECKING, Any

from sadm.runtime.errors import ConfigError
from sadm.study import fits, registry
from sadm.study.places import label

if TYPE_CHECKING:
    from sadm.study.study import Study

MAX_VOXELS = 2**26  # of the full grid: the paper's has 6 million
EDGES = 100, 1000  # mm of the full grid along an axis: a brain has 130 to 190
COARSEST = 8  # voxels along an axis that N4 has to work on
SMALLEST = 16  # pixels along an axis of a slice that networks look at
# In a row's folder of scores, beside a table for each test set.
TABLES = ("thresholds", "pooled", "healthy", "released")
SHEETS = ("files", "notes", "excluded", "prints")  # beside a data set's sheet in results/cohort
DRAEM = "draem"  # the synthetic training and test set, painted on healthy scans


def grid(config: dict[str, Any]) -> None:
    """The grid can be down-sampled and cropped, and is not too large."""
    said = config["grid"]
    for axis, size in enumerate(said["shape"]):
        if size % said["downsample"]:
            cause = f"axis {axis} has {size} voxels"
            raise ConfigError(
                f"grid.downsample: {said['downsample']} does not divide grid.shape",
                cause=cause,
                fix="use a divisor",
            )
    if (voxels := math.prod(said["shape"])) > MAX_VOXELS:
        raise ConfigError(
            f"grid.shape: {voxels} voxels are too many",
            cause=f"at most {MAX_VOXELS}",
            fix="use fewer, or larger voxels (grid.spacing)",
        )
    for axis, size in enumerate(said["shape"]):
        if not EDGES[0] <= (edge := size * said["spacing"]) <= EDGES[1]:
            cause = f"axis {axis} is {edge:g} mm long"
            fix = f"shape times spacing must be {EDGES[0]} to {EDGES[1]} mm, so that a head fits"
            raise ConfigError(
                f"grid: {said['shape']} voxels of {said['spacing']} mm are no grid for a head",
                cause=cause,
                fix=fix,
            )
    if (left := min(said["shape"]) // config["bias"]["shrink"]) < COARSEST:
        cause = f"{left} voxels along an axis are left of grid.shape"
        fix = f"use at most {min(said['shape']) // COARSEST}"
        raise ConfigError(f"bias.shrink: {config['bias']['shrink']} is too coarse", cause=cause, fix=fix)
    slices = said["shape"][2] // said["downsample"]
    if 2 * said["crop"] >= slices:
        cause = f"the volume has {slices} axial slices after down-sampling"
        raise ConfigError(
            f"grid.crop: {said['crop']} slices at each end leave none",
            cause=cause,
            fix=f"use at most {(slices - 1) // 2}",
        )


def slice_shape(config: dict[str, Any]) -> tuple[int, int]:
    """Pixels of a prepared slice."""
    x, y, _ = (size // config["grid"]["downsample"] for size in config["grid"]["shape"])
    return x, y


def ranges(config: dict[str, Any]) -> None:
    """Ranges begin at their lower end; sets of subjects are not larger than the whole."""
    limits = [("quality", name) for name, limit in config["quality"].items() if isinstance(limit, list)]
    for section, name in (*limits, ("draem", "threshold"), ("draem", "blend")):
        fits.ordered(config[section][name], f"{section}.{name}")
    fits.augmenters(config["draem"]["augmenters"], config["draem"]["per_image"])
    said = config["splits"]
    shares = [said[name] for name in ("test", "val", "train") if said[name] is not None and said[name] < 1]
    if sum(shares) > 1 or (said["train"] is None and sum(shares) >= 1):
        cause = f"test, val and train add up to {sum(shares):g}"
        raise ConfigError("splits: more than all subjects", cause=cause, fix="use smaller shares")
    for name, dataset in config["datasets"].items():
        subset, val = dataset["annotated"], dataset["annotated_val"]
        if subset and (not val or 1 <= subset <= max(val, 1)):
            cause = f"of {subset} annotated subjects {val} would validate"
            fix = "use fewer, and at least one, or annotated: 0 where nothing trains on the labels"
            raise ConfigError(
                f"datasets.{name}.annotated_val: none would train or validate", cause=cause, fix=fix
            )


def names(study: "Study") -> None:
    """Rows, training sets and test sets are known, and no name is taken."""
    if DRAEM in study.datasets:
        raise ConfigError(
            f"datasets.{DRAEM}: the name is taken",
            cause="it stands for the anomalies painted on healthy scans",
            fix="use another name",
        )
    if twin := next((name for name in study.datasets if name.rpartition("_")[::2] in _sheets(study)), ""):
        cause = f"it is a table of {twin.rpartition('_')[0]} in results/cohort"
        raise ConfigError(f"datasets.{twin}: the name is taken", cause=cause, fix="use another name")
    if taken := sorted({row.lower() for row in study.rows} & set(study.trivial)):
        raise ConfigError(
            f"rows.{taken[0]}: the name is taken", cause="a trivial score has it", fix="use another name"
        )
    if twin := next((row for row in study.rows if study.labels[label(row)] != row), ""):
        cause = f"in names of files it is {label(twin)!r}, as {study.labels[label(twin)]!r} is"
        raise ConfigError(f"rows.{twin}: the name is taken", cause=cause, fix="use another name")
    known_sets = [*study.datasets, DRAEM]
    if study.rows:
        _known(study.healthy, list(study.datasets), "healthy")
    for testset in study.testsets:
        _known(testset, [name for name in known_sets if name != study.healthy], "testsets")
        if testset in TABLES:
            cause = f"a row's scores are in {testset}.tsv, as are others"
            raise ConfigError(
                f"testsets: the name {testset!r} is taken", cause=cause, fix="rename the data set"
            )
    for row, models in study.rows.items():
        if len(models) > 2:
            cause = f"{len(models)} maps are added"
            raise ConfigError(
                f"rows.{row}: too many maps",
                cause=cause,
                fix="add an unsupervised map and one probability",
            )
        for model in models:
            method = _known(study.method(model), _scoring(), f"rows.{row}")
            if registry.method(method).trains_on == "labels":
                _known(
                    model.partition("-")[2],
                    [*study.annotated, DRAEM],
                    f"rows.{row}: training set of {method}",
                )
                if (trained := model.partition("-")[2]) != DRAEM and not study.datasets[trained]["annotated"]:
                    fix = f"set datasets.{trained}.annotated"
                    raise ConfigError(f"rows.{row}: no subject of {trained!r} is annotated", fix=fix)
            elif "-" in model:
                raise ConfigError(
                    f"rows.{row}: {method} trains on the healthy data set", fix=f"write {method!r} alone"
                )
    for row in study.config["figures"]:
        _known(row, list(study.rows), "figures")


def _sheets(study: "Study") -> set[tuple[str, str]]:
    """The names of the tables beside the sheets of the data sets."""
    return {(name, kind) for name in study.datasets for kind in SHEETS}


def _scoring() -> list[str]:
    """Methods that make a map: all but those that only prepare another one."""
    return [name for name in registry.names("methods") if registry.method(name).maps]


def hyper(study: "Study") -> None:
    """Hyper-parameters are of models of the rows, and those that models share are equal."""
    for name in study.config["hyper"]:
        if "@" in name and name.replace("@", "-", 1) not in study.models:
            raise ConfigError(
                f"hyper.{name}: no row has this model",
                fix=registry.nearest(name.replace("@", "-"), study.models),
            )
    for model in study.models:
        said, own = study.declares(model), study.hyper(model)
        for need in set(study.needs(model)) & set(said.needs_if.values()):
            theirs = study.hyper(need)
            differ = [key for key in said.shares if _plain(own[key]) != _plain(theirs[key])]
            if differ:
                cause = f"{own[differ[0]]} and {theirs[differ[0]]}"
                raise ConfigError(
                    f"hyper.{need}.{differ[0]}: not that of {model}, which starts from it",
                    cause=cause,
                    fix=f"give both the same {' and '.join(said.shares)}",
                )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _known(name: str, known: list[str], where: str) -> str:
    if name not in known:
        raise ConfigError(f"{where}: unknown {name!r}", fix=registry.nearest(name, known))
    return name


def networks(study: "Study") -> None:
    """What the models of the rows are made of fits the study's slices, and fits each other."""
    shape = slice_shape(study.config)
    if study.rows and min(shape) < SMALLEST:
        cause = f"a slice has {shape[0]}x{shape[1]} pixels"
        fix = f"use a finer grid, or a smaller downsample: {SMALLEST} pixels at least"
        raise ConfigError("grid: too coarse for the networks", cause=cause, fix=fix)
    painted = [*study.testsets, *map(study.trained_on, study.models)]
    if DRAEM in painted:
        fits.lattice(shape, study.spacing, study.config["draem"]["max_scale"])
    for model in study.models:
        hyper, said = study.hyper(model), study.declares(model)
        for check, keys in said.fits.items():
            try:
                getattr(fits, check)(shape, *(hyper[key] for key in keys))
            except ConfigError as error:
                what = f"hyper.{model.replace('-', '@', 1)}: {error.what}"
                raise ConfigError(what, cause=error.cause, fix=error.fix) from None
        if said.imagenet and not study.random_features:
            _pretrained(study, model, said.imagenet)


def _pretrained(study: "Study", model: str, network: str) -> None:
    """A network with ImageNet weights has the sizes that these are of."""
    own, said = registry.declared("methods", study.method(model))[1], study.hyper(model)
    for key in own:
        if key.startswith("backbone_") and _plain(said[key]) != _plain(own[key]):
            cause = f"ImageNet weights of {network} fit {_plain(own[key])} only"
            fix = f"leave {key} at the default, or set imagenet: {{weights: random}} (marked in the table)"
            raise ConfigError(f"hyper.{model}.{key}: {_plain(said[key])} does not fit", cause=cause, fix=fix)
