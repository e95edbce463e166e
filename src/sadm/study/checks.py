"""What a config may say that no schema can tell: each check raises ConfigError with the key and a hint."""

import math
from typing import TYPE_CHECKING, Any

from sadm.runtime.errors import ConfigError
from sadm.study import registry
from sadm.study.places import label

if TYPE_CHECKING:
    from sadm.study.study import Study

MAX_VOXELS = 2**26  # of the full grid: the paper's has 6 million
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
    slices = said["shape"][2] // said["downsample"]
    if 2 * said["crop"] >= slices:
        cause = f"the volume has {slices} axial slices after down-sampling"
        raise ConfigError(
            f"grid.crop: {said['crop']} slices at each end leave none",
            cause=cause,
            fix=f"use at most {(slices - 1) // 2}",
        )


def names(study: "Study") -> None:
    """Rows, training sets and test sets are known, and no name is taken."""
    if DRAEM in study.datasets:
        raise ConfigError(
            f"datasets.{DRAEM}: the name is taken",
            cause="it stands for the anomalies painted on healthy scans",
            fix="use another name",
        )
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
            elif "-" in model:
                raise ConfigError(
                    f"rows.{row}: {method} trains on the healthy data set", fix=f"write {method!r} alone"
                )
    for row in study.config["figures"]:
        _known(row, list(study.rows), "figures")


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
