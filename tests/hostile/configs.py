"""Configs with slips, with what YAML makes of them, and with code."""

from pathlib import Path
from typing import Any

import yaml
from kinds import KINDS, Kind, kind

from sadm.study.loader import read
from sadm.study.rows import table1

ROOT = Path(__file__).resolve().parents[2]


def demo(where: str = "", value: Any = None) -> dict[str, Any]:
    """The demo's config with the key ``where`` set to ``value``."""
    config = read(ROOT / "config.yaml")
    config["rows"] = table1(["tumour", "stroke"])
    if where:
        *path, last = where.split("/")
        at = config
        for part in path:
            at = at.setdefault(part, {})
        at[last] = value
    return config


def _slip(name: str, says: str, where: str, value: Any) -> None:
    def make(folder: Path) -> dict[str, Any]:
        return demo(where, value)

    KINDS.append(Kind(name, "config", make, "ConfigError.*" + says))


_slip("misspelt section", "unknown key 'gird'.*did you mean 'grid'", "gird", {"crop": 7})
_slip("misspelt key", "unknown key 'spacng'.*did you mean 'spacing'", "grid/spacng", 2)
_slip("misspelt method", "unknown key 'cddmp'.*did you mean 'cddpm'", "hyper/cddmp", {"epochs": 1})
_slip(
    "misspelt data set in a row", "unknown 'tumor'.*did you mean 'tumour'", "rows/Unet-TUMOUR", "unet@tumor"
)
_slip("misspelt importer", "unknown 'idx'.*did you mean 'ixi'", "datasets/healthy/importer", "idx")
_slip("misspelt part of the release", "unknown key 'part'", "datasets/healthy/options/part", "ixi")
_slip("nan in the config", "nan is not possible", "grid/spacing", float("nan"))
_slip("inf in the config", "inf is not possible", "grid/spacing", float("inf"))
_slip("fraction for a count", "not of type 'integer'", "splits/folds", 2.0)
_slip("number with leading zeros in quotes", "no leading zeros", "hyper/ae/epochs", "010")
_slip("yes for a row", "no plain text.*quotes", "rows", {True: "ae"})
_slip("number for a row", "no plain text", "rows", {1: "ae"})
_slip("newline in a data set's name", "no plain text", "datasets/tumour\n", {"importer": "demo"})
_slip("path for a data set's name", "name '..' is not possible", "datasets/..", {"importer": "demo"})
_slip("path for a row", "name '..' is not possible", "rows/..", "ae")
_slip("data set with the name draem", "name is taken", "datasets/draem", {"importer": "demo"})
_slip("row with the name of a trivial score", "name is taken", "rows/Random", "ae")
_slip("absurd grid", "voxels are too many", "grid/shape", [1000, 1000, 1000])
_slip("text for a section", "not of type 'object'", "grid", "fine")
_slip("list for the study's name", "not of type 'string'", "name", ["a"])
_slip("nothing for the data sets", "not of type 'object'", "datasets", None)
_slip("three maps in a row", "too many maps", "rows/AE", "ae + vae + dae")
_slip("no heads", "count: 0 is less than the minimum", "datasets/healthy/options/count", 0)


@kind("config", "ConfigError.*too large.*references")
def billion_laughs(folder: Path) -> dict[str, Any]:
    text = "a0: &a0 [ha, ha]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    return demo() | {"figures": yaml.safe_load(text)["a11"]}


@kind("config", "ConfigError.*too deep")
def list_that_holds_itself(folder: Path) -> dict[str, Any]:
    return demo() | {"figures": yaml.safe_load("&a [*a]")}


@kind("study file", "ConfigError.*study cannot be read.*line 1.*runs Python")
def yaml_that_calls_the_shell(folder: Path) -> Path:
    (folder / "study.yaml").write_text(f'hyper: !!python/object/apply:os.system ["touch {folder}/ran"]\n')
    return folder / "study.yaml"


@kind("study file", "ConfigError.*study cannot be read")
def study_that_is_a_list(folder: Path) -> Path:
    (folder / "study.yaml").write_text("- hyper\n")
    return folder / "study.yaml"


@kind("study file", "ConfigError.*study cannot be read")
def study_of_bytes(folder: Path) -> Path:
    (folder / "study.yaml").write_bytes(bytes(range(256)))
    return folder / "study.yaml"
