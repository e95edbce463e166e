"""Whether a study's numbers may stand beside the paper's: what differs in anything that the paper fixes."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sadm.study import registry
from sadm.study.keys import SECTIONS
from sadm.study.protocol import SETS

STRIPPING = ("hdbet", "models", "tta")  # keys of the section brain, where HD-BET strips
FIXED = ("grid", "splits", "draem", "score")  # sections whose defaults are the paper's numbers
OURS = ("rates", "tolerance")  # keys of these that only measures read which the paper does not have


def differs_from_paper(config: Mapping[str, Any]) -> list[str]:
    """How a study differs from the paper's: data sets, annotations, sizes, anomalies, score, hyper-parameters, features; none if it
    does not. ``config``: that of the study, complete."""
    return [*_data(config), *_sections(config), *_hyper(config)]


def _data(config: Mapping[str, Any]) -> Iterator[str]:
    importers = sorted(dataset["importer"] for dataset in config["datasets"].values())
    if importers != sorted(SETS):
        yield f"data sets by {', '.join(importers)}"
    for name, dataset in config["datasets"].items():
        for key, value in SETS.get(dataset["importer"], {}).items():
            yield from _unequal(f"datasets.{name}.{key}", dataset[key], value)


def _sections(config: Mapping[str, Any]) -> Iterator[str]:
    for section in FIXED:
        for key, value in asdict(SECTIONS[section]()).items():
            if key not in OURS:
                yield from _unequal(f"{section}.{key}", config[section][key], value)
    if any(dataset["brain"] == "hd-bet" for dataset in config["datasets"].values()):
        for key in STRIPPING:
            yield from _unequal(f"brain.{key}", config["brain"][key], asdict(SECTIONS["brain"]())[key])


def _hyper(config: Mapping[str, Any]) -> Iterator[str]:
    for model, said in config["hyper"].items():
        defaults = registry.settings("methods", model.partition("@")[0])
        for key, value in said.items():
            yield from _unequal(f"hyper.{model}.{key}", value, defaults[key]["default"])
    if config["imagenet"]["weights"] == "random":
        yield "random features, not ImageNet's"


def _unequal(name: str, value: Any, paper: Any) -> Iterator[str]:
    value, paper = (list(each) if isinstance(each, tuple) else each for each in (value, paper))
    if value != paper:
        yield f"{name} {value}, not {paper}"
