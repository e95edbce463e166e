"""What a study is called, derived from its values: `paper`, `released`, or "paper, but: " and the keys that differ from the paper's.

Counted is what can change a number of Table 1, of the models that the rows ask for. Where a job runs, the seeds of random draws and
what only further measures read is not.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sadm.study.keys import SECTIONS
from sadm.study.loader import RELEASED, read

if TYPE_CHECKING:
    from sadm.study.study import Study

# What the paper says of its data sets, by importer.
SETS: dict[str, dict[str, Any]] = {
    "ixi": {"brain": "hd-bet"},
    "brats": {"brain": "none", "annotated": 100, "annotated_val": 10},
    "atlas": {"brain": "hd-bet", "annotated": 66, "annotated_val": 6},
}
# Of the importer `released`, which brings its masks.
PARTS = {"ixi": "ixi", "Brats21": "brats", "ATLAS_v2": "atlas"}
APART = {
    "atlas": {"path"},
    "registration": {"seed"},
    "brain": {"device", "chunk", "deepbet_chunk", "hdbet_parameters"},
    "score": {"rates", "tolerance"},
    "statistics": {"resamples", "confidence", "shown"},
    "training": {"device", "threads", "checkpoint_every"},
    "imagenet": {"weights"},  # a folder is as good as a download; random features are counted by themselves
}  # keys that are not counted


def called(study: "Study") -> str:
    """The name of the protocol that ``study`` follows."""
    own, paper = _own(study), _of(study, {})
    if own == paper:
        return "paper"
    if own == _of(study, read(RELEASED)):
        return "released"
    return f"paper, but: {', '.join(_named([key for key in own if own[key] != paper.get(key)], own))}"


def _named(differing: list[str], keys: Iterable[str]) -> list[str]:
    """``differing`` without repetitions: hyper.METHOD.KEY stands for those of all models of a method."""

    def short(key: str) -> str:
        return re.sub(r"@\w+", "", key)

    same = Counter(map(short, keys)) - Counter(map(short, differing))
    return list(dict.fromkeys(key if same[short(key)] else short(key) for key in differing))


def _own(study: "Study") -> dict[str, Any]:
    """The counted values of ``study`` by key; lists for tuples."""
    found = {"size": study.config["size"], "imagenet.weights": study.random_features}
    found |= _datasets(study)
    found |= _sections(lambda section: study.config[section])
    found |= {
        f"hyper.{model.replace('-', '@', 1)}.{key}": value
        for model in study.models
        for key, value in study.hyper(model).items()
    }
    return {key: _plain(value) for key, value in found.items()}


def _of(study: "Study", overlay: Mapping[str, Any]) -> dict[str, Any]:
    """The same keys with the paper's values, those of ``overlay`` over them; hyper-parameters are those of the study's size."""
    found = {"size": "paper", "imagenet.weights": False}
    found |= {key: said for key, (_, said) in _compared(study).items()}
    found |= _sections(lambda section: asdict(SECTIONS[section]()) | overlay.get(section, {}))
    for model in study.models:
        method = study.method(model)
        values = study.sized(method) | overlay.get("hyper", {}).get(method, {})
        found |= {f"hyper.{model.replace('-', '@', 1)}.{key}": value for key, value in values.items()}
    return {key: _plain(value) for key, value in found.items()}


def _sections(values: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """The counted keys of all sections, ``values`` those of a section."""
    return {
        f"{section}.{key}": value
        for section in SECTIONS
        for key, value in values(section).items()
        if key not in APART.get(section, ())
    }


def _datasets(study: "Study") -> dict[str, Any]:
    return {key: own for key, (own, _) in _compared(study).items()}


def _compared(study: "Study") -> dict[str, tuple[Any, Any]]:
    """What the paper says of its data sets: {key: (the study's value, the paper's)}; ``datasets``: that all are of the paper."""
    found: dict[str, tuple[Any, Any]] = {}
    strange = []
    for name, dataset in study.datasets.items():
        released = dataset["importer"] == "released"
        source = PARTS.get(dataset["options"].get("part")) if released else dataset["importer"]
        if source not in SETS:
            strange.append(name)
            continue
        said = SETS[source] | ({"brain": "given"} if released else {})
        found |= {f"datasets.{name}.{key}": (dataset[key], value) for key, value in said.items()}
    return {"datasets": (strange, [])} | found


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
