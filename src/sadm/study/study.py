"""The study that a config describes: rows, models, needs, scans, by name.

Names only, never paths of results: each of those is written once, in the rule that makes it. Reaches no torch and no
ants, reads no image, and raises ConfigError before any job is planned.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from sadm.data.base import Scan
from sadm.study import checks as study_checks
from sadm.study import config, registry
from sadm.study.checks import DRAEM


@dataclass(frozen=True)
class Study:
    """A validated study; ``config`` has every key of the schema."""

    config: dict[str, Any]

    @classmethod
    def from_config(cls, raw: dict[str, Any]) -> "Study":
        """The study that ``raw`` describes. Raises ConfigError for whatever nothing declares or cannot be."""
        study = cls(config.resolve(raw))
        study_checks.grid(study.config)
        study_checks.ranges(study.config)
        study_checks.names(study)
        study_checks.hyper(study)
        study_checks.networks(study)
        return study

    @property
    def whole(self) -> dict[str, Any]:
        """The config with all hyper-parameters of each model: a config of the same study that hangs on no default."""
        return self.config | {
            "hyper": {model.replace("-", "@", 1): self.hyper(model) for model in self.models}
        }

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.config["name"]

    @property
    def seed(self) -> int:
        """Seed of all random draws."""
        return self.config["seed"]

    @property
    def healthy(self) -> str:
        """Data set of healthy subjects, "" in a study without rows."""
        return self.config["healthy"]

    @property
    def testsets(self) -> list[str]:
        """Test sets in the table's order."""
        return self.config["testsets"]

    @cached_property
    def scored(self) -> dict[str, tuple[str, str]]:
        """What each model maps, by the name of its files: the test sets and the healthy data set, test and validation scans.

        {"brats": ("brats", "test"), ..., "val/brats": ("brats", "val"), ...}: set, and part of its splits. Thresholds are
        fitted on the validation scans; healthy test scans tell false positives.
        """
        names = [*self.testsets, self.healthy]
        return {name: (name, "test") for name in names} | {f"val/{name}": (name, "val") for name in names}

    @property
    def folds(self) -> int:
        """Number of folds."""
        return self.config["splits"]["folds"]

    @property
    def trivial(self) -> tuple[str, ...]:
        """Scores without training that any method must beat."""
        return registry.constants("prediction/trivial")["TRIVIAL"]

    @property
    def gpus(self) -> int:
        """GPUs that a training or prediction job asks for."""
        return int(self.config["training"]["device"] != "cpu")

    def section(self, name: str) -> dict[str, Any]:
        """One section of the config."""
        return self.config[name]

    @cached_property
    def datasets(self) -> dict[str, dict[str, Any]]:
        """Data sets by name, with their role: healthy, annotated (with lesion labels), or prepared in a study without rows."""
        other = "annotated" if self.rows else "prepared"
        return {
            name: dataset | {"role": "healthy" if name == self.healthy else other}
            for name, dataset in self.config["datasets"].items()
        }

    @property
    def annotated(self) -> list[str]:
        """Names of the data sets with lesion labels."""
        return [name for name, dataset in self.datasets.items() if dataset["role"] == "annotated"]

    @cached_property
    def rows(self) -> dict[str, tuple[str, ...]]:
        """Rows of the table and the models whose maps they add."""
        terms = {row: [term.strip() for term in text.split("+")] for row, text in self.config["rows"].items()}
        return {row: tuple(term.replace("@", "-") for term in each) for row, each in terms.items()}

    @cached_property
    def models(self) -> list[str]:
        """Every model that the rows ask for, and those that these need."""
        todo, found = [model for models in self.rows.values() for model in models], list[str]()
        while todo:
            model = todo.pop(0)
            if model not in found:
                found.append(model)
                todo += self.needs(model)
        return found

    def method(self, model: str) -> str:
        """Method of a model: "unet" of "unet-draem"."""
        return model.partition("-")[0]

    def trained_on(self, model: str) -> str:
        """Training set of a model: a data set or "draem"."""
        return model.partition("-")[2] or self.healthy

    def source(self, name: str) -> str:
        """Data set whose scans ``name`` is made of: the healthy one for "draem"."""
        return self.healthy if name == DRAEM else name

    def needs(self, model: str) -> list[str]:
        """Models that ``model`` is built upon, of the same fold: NEEDS, and those of NEEDS_IF whose hyper-parameter is true."""
        said, hyper = registry.constants(f"methods/{self.method(model)}"), self.hyper(model)
        return [*said["NEEDS"], *(need for key, need in said.get("NEEDS_IF", {}).items() if hyper[key])]

    def imagenet(self, model: str) -> str | None:
        """The network whose ImageNet weights ``model`` looks at slices with; None if it has none."""
        found: str | None = registry.constants(f"methods/{self.method(model)}").get("IMAGENET")
        return found

    @property
    def random_features(self) -> bool:
        """Whether feature extractors get random weights instead of ImageNet's."""
        return bool(self.config["imagenet"]["weights"] == "random")

    def reconstructor(self, model: str) -> str | None:
        """The model whose reconstructions ``model`` scores with: itself, one that it needs, or none."""
        reconstructs = [
            m
            for m in (model, *self.needs(model))
            if registry.constants(f"methods/{self.method(m)}")["RECONSTRUCTS"]
        ]
        return reconstructs[0] if reconstructs else None

    def hyper(self, model: str) -> dict[str, Any]:
        """Hyper-parameters of a model: the method's own, its SMALL ones if `size` is small, then `hyper.METHOD`, then `hyper.METHOD@TRAINING_SET`."""
        method, given = self.method(model), self.config["hyper"]
        said, own = registry.declared("methods", method)
        own = own | said.get("SMALL", {}) if self.config["size"] == "small" else own
        return own | given.get(method, {}) | given.get(model.replace("-", "@", 1), {})

    def scored_with(self, model: str) -> dict[str, Any]:
        """The hyper-parameters of a model that only its reconstructions read (SCORED_WITH): a change trains nothing."""
        said = registry.constants(f"methods/{self.method(model)}").get("SCORED_WITH", ())
        return {key: value for key, value in self.hyper(model).items() if key in said}

    def trained_with(self, model: str) -> dict[str, Any]:
        """The other hyper-parameters of a model."""
        apart = self.scored_with(model)
        return {key: value for key, value in self.hyper(model).items() if key not in apart}

    def importer(self, dataset: str) -> dict[str, Any]:
        """What the importer of a data set declares (SPACE, STRIPPED ...), with its options taken into account."""
        said = dict(registry.constants(f"data/{self.datasets[dataset]['importer']}"))
        for option, cases in said.pop("BY_OPTION", {}).items():
            said |= cases.get(self.datasets[dataset]["options"].get(option), {})
        return said

    @cached_property
    def _scans(self) -> dict[str, dict[str, Scan]]:
        found = {}
        for name, dataset in self.datasets.items():
            scans = import_module(f"sadm.data.{dataset['importer']}").scans(name, dataset["options"])
            found[name] = {scan.name: scan for scan in scans}
        return found

    def scans(self, dataset: str) -> list[str]:
        """Names of the scans of a data set."""
        return list(self._scans[dataset])

    def scan(self, dataset: str, scan: str) -> Scan:
        """The source files and the subject of a scan."""
        return self._scans[dataset][scan]

    def files(self, dataset: str, scan: str) -> list[str]:
        """The source files of a scan: the T1, and the brain mask and lesion label where there are any."""
        found = self._scans[dataset][scan]
        return [path for path in (found.t1, found.brain_mask, found.lesion) if path]
