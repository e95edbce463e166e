"""The study that a config describes: rows, models, needs, scans, by name.

Names only, never paths of results: each of those is written once, in the rule that makes it. Reaches no torch and no
ants, reads no image, and raises ConfigError before any job is planned.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from sadm.data.base import Scan, files_of, makes, planned, tables
from sadm.runtime.errors import ConfigError, DataError, SadmError
from sadm.study import checks as study_checks
from sadm.study import config, places, protocol, registry
from sadm.study.checks import DRAEM
from sadm.study.chunks import Chunk, chunks
from sadm.study.drawn import Drawn
from sadm.study.layout import Layout
from sadm.study.runs import tags


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

    @cached_property
    def protocol(self) -> str:
        """What the study is called by its values: "paper", "released", or "paper, but: " and the keys."""
        return protocol.called(self)

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
        fitted on the validation scans; healthy test scans tell false positives. Of `subsets` the training scans, too.
        """
        found = {n: (n, "test") for n in self.sets} | {f"val/{n}": (n, "val") for n in self.sets}
        return found | {f"train/{n}": (n, "train") for n in self.subsets}

    @property
    def subsets(self) -> list[str]:
        """The test sets whose whole annotated subset the released threshold is fitted on (`score.subset_threshold`)."""
        wanted = self.config["score"]["subset_threshold"]
        return [n for n in self.testsets if wanted and self.datasets.get(n, {}).get("annotated")]

    @property
    def score_tables(self) -> list[str]:
        """Tables in a row's folder of scores that depend on the study: one a test set, and `released_tables`."""
        return [*self.testsets, *self.released_tables]

    @property
    def released_tables(self) -> list[str]:
        """The table of those thresholds in a row's folder of scores, if there are any."""
        return ["released"] if self.subsets else []

    @property
    def folds(self) -> int:
        """Number of folds."""
        return self.config["splits"]["folds"]

    @property
    def seeds(self) -> list[str]:
        """What each seed of a training adds to the name of a fold's folder: "" for the first."""
        return tags(self.config["training"]["seeds"])

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

    @property
    def sources(self) -> dict[str, str]:
        """Test sets, and the data set that the scans of each are made of."""
        return {testset: self.source(testset) for testset in self.testsets}

    def declares(self, model: str) -> registry.Declares:
        """What the method of a model declares."""
        return registry.method(self.method(model))

    def needs(self, model: str) -> list[str]:
        """Models that ``model`` is built upon, of the same fold: always, or if a hyper-parameter is true."""
        said, hyper = self.declares(model), self.hyper(model)
        return [*said.needs, *(need for key, need in said.needs_if.items() if hyper[key])]

    def imagenet(self, model: str) -> str:
        """The network whose ImageNet weights ``model`` looks at slices with; "" if it has none."""
        return self.declares(model).imagenet

    @property
    def random_features(self) -> bool:
        """Whether feature extractors get random weights instead of ImageNet's."""
        return bool(self.config["imagenet"]["weights"] == "random")

    def reconstructor(self, model: str) -> str | None:
        """The model whose reconstructions ``model`` scores with: itself, one that it needs, or none."""
        models = (model, *self.needs(model))
        return next((each for each in models if self.declares(each).reconstructs), None)

    def hyper(self, model: str) -> dict[str, Any]:
        """Hyper-parameters of a model: the method's own, its SMALL ones if `size` is small, then `hyper.METHOD`, then `hyper.METHOD@TRAINING_SET`."""
        method, given = self.method(model), self.config["hyper"]
        return self.sized(method) | given.get(method, {}) | given.get(model.replace("-", "@", 1), {})

    def sized(self, method: str) -> dict[str, Any]:
        """Hyper-parameters of a method at the study's `size`."""
        said, own = registry.declared("methods", method)
        return own | said.get("SMALL", {}) if self.config["size"] == "small" else own

    def scored_with(self, model: str) -> dict[str, Any]:
        """The hyper-parameters of a model that only its reconstructions read: a change trains nothing."""
        said = self.declares(model).scored_with
        return {key: value for key, value in self.hyper(model).items() if key in said}

    def trained_with(self, model: str) -> dict[str, Any]:
        """The other hyper-parameters of a model."""
        apart = self.scored_with(model)
        return {key: value for key, value in self.hyper(model).items() if key not in apart}

    @cached_property
    def layout(self) -> Layout:
        """What Table 1 shows of the study."""
        return Layout.of(self)

    @cached_property
    def drawn(self) -> Drawn:
        """What figures and report show of the study."""
        return Drawn(self)

    @property
    def trained(self) -> dict[str, tuple[str, int, int]]:
        """How much each model is trained: the data set of its scans, epochs, and slices of a volume an epoch."""
        found = {}
        for model in self.models:
            hyper = self.hyper(model)
            found[model] = (self.source(self.trained_on(model)), hyper["epochs"], hyper["slices"])
        return found

    def importer(self, dataset: str) -> dict[str, Any]:
        """What the importer of a data set declares (SPACE, STRIPPED ...), with its options taken into account."""
        said = dict(registry.constants(f"data/{self.datasets[dataset]['importer']}"))
        for option, cases in said.pop("BY_OPTION", {}).items():
            said |= cases.get(self.datasets[dataset]["options"].get(option), {})
        return said

    @cached_property
    def _scans(self) -> dict[str, dict[str, Scan]]:
        """The scans of each data set by name. Raises DataError or ConfigError that says of every data set why it cannot be listed."""
        found, errors = {}, list[SadmError]()
        for name, said in self.datasets.items():
            try:
                scans = planned(said["importer"], name, said["options"], said["brain"] == "given")
            except SadmError as error:
                errors.append(error)
                continue
            found[name] = {scan.name: scan for scan in scans if scan.lesion or not self._left_out(name)}
        if len(errors) == 1:
            raise errors[0]
        if errors:
            cause = "".join(
                f"\n    {error.file or ''}: {error.what} {error.cause}; fix: {error.fix}" for error in errors
            )
            raise DataError(
                f"{len(errors)} data sets cannot be listed.", cause=cause, fix="mend each as its line says"
            )
        return found

    def _left_out(self, dataset: str) -> bool:
        """Whether scans of a data set that have no lesion label are left out; the cohort check names them."""
        return dataset in self.annotated and self.datasets[dataset]["missing_lesions"] == "exclude"

    def scans(self, dataset: str) -> list[str]:
        """Names of the scans of a data set."""
        return list(self._scans[dataset])

    def scan(self, dataset: str, scan: str) -> Scan:
        """The source files and the subject of a scan."""
        return self._scans[dataset][scan]

    def t1(self, dataset: str, folder: str, scan: str) -> str:
        """The T1 of a scan whose results lie in ``folder`` of their data set. Raises ConfigError if they do not."""
        if (right := places.folder(scan)) != folder:
            raise ConfigError(f"{scan} does not lie in {folder}", fix=f"ask for it in {right}")
        return self.scan(dataset, scan).t1

    def raw(self, dataset: str, scan: str) -> dict[str, str]:
        """BIDS URIs of the source files of a scan: of its t1, and of its brain_mask and lesion where there are any."""
        found = self.scan(dataset, scan)
        files = {"t1": found.t1, "brain_mask": found.brain_mask, "lesion": found.lesion}
        return {name: places.raw(file, self.root(dataset)) for name, file in files.items() if file}

    def link(self, dataset: str, place: str) -> str:
        """The URI of the folder that the scans of a data set come from, as seen from the folder ``place``."""
        return places.link(self.root(dataset), place)

    def root(self, dataset: str) -> str:
        """The folder that the scans of a data set come from."""
        path = Path(self.datasets[dataset]["options"].get("path") or ".")
        return str(path.parent if path.is_file() else path)

    def files(self, dataset: str, scan: str) -> list[str]:
        """The source files of a scan: the T1, and the brain mask and lesion label where there are any."""
        return files_of(self._scans[dataset][scan])

    def source_files(self, dataset: str) -> list[str]:
        """The source files of all scans of a data set."""
        return [path for scan in self.scans(dataset) for path in self.files(dataset, scan)]

    def sizes(self, dataset: str, scan: str = "") -> str:
        """What the sizes in bytes of the source files of a scan, or of all, come to: a file that replaces another may have an older time.

        "" of a data set that the workflow makes itself.
        """
        if makes(self.datasets[dataset]["importer"]):
            return ""
        files = [
            path for each in ([scan] if scan else self.scans(dataset)) for path in self.files(dataset, each)
        ]
        return hashlib.sha256(repr([os.path.getsize(path) for path in files]).encode()).hexdigest()[:12]

    def listed(self, dataset: str) -> dict[str, Any]:
        """How the scans of a data set are listed and checked: its importer, its options, and what its scans must have."""
        said = self.datasets[dataset]
        return {
            "importer": said["importer"],
            "options": said["options"],
            "annotated": dataset in self.annotated,
            "masks": said["brain"] == "given",
            "missing": said["missing_lesions"],
        }

    def others(self, dataset: str) -> dict[str, dict[str, Any]]:
        """How the scans of all other data sets are listed and checked."""
        return {name: self.listed(name) for name in self.datasets if name != dataset}

    def tables(self, dataset: str) -> list[str]:
        """The tables of demographics that the importer of a data set reads beside the images."""
        return tables(self.datasets[dataset]["importer"], self.datasets[dataset]["options"])

    def split_sizes(self, dataset: str) -> dict[str, float | str | None]:
        """Sizes of the sets that the subjects of a data set are dealt into: counts, or shares below 1; and whether folds share them."""
        if dataset == self.healthy:
            return {size: self.config["splits"][size] for size in ("test", "val", "train")}
        sizes = {size: self.datasets[dataset][size] for size in ("annotated", "annotated_val")}
        return sizes | {"annotated_folds": self.config["splits"]["annotated_folds"]}

    @property
    def sets(self) -> list[str]:
        """The sets that are scored: the test sets, and the healthy data set for false positives."""
        return [*self.testsets, self.healthy]

    @cached_property
    def splits_of(self) -> dict[str, str]:
        """The data set whose splits the scans of each scored set follow."""
        return {name: self.source(name) for name in self.sets}

    @property
    def source_sets(self) -> list[str]:
        """The data sets that the scored sets come from, each once."""
        return list(dict.fromkeys(self.splits_of.values()))

    def maps_of(self, row: str) -> tuple[str, ...]:
        """The models whose maps a row adds; a trivial score has maps of its own, under its name."""
        return self.rows.get(row, (row,))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Rows and trivial scores by the labels that stand for them in names of files."""
        return {places.label(row): row for row in [*self.rows, *self.trivial]}

    def beta(self, row: str) -> float:
        """Weight of a row's first map of two; a row of one map does not depend on the config's."""
        return self.config["score"]["beta"] if len(self.maps_of(row)) == 2 else 1.0

    @property
    def spacing(self) -> float:
        """Edge of a voxel of the packed volumes in mm."""
        return self.config["grid"]["spacing"] * self.config["grid"]["downsample"]

    @property
    def painter(self) -> dict[str, Any]:
        """How synthetic anomalies are painted: parameters of `sadm.anomalies.draem.Draem`."""
        return self.config["draem"] | {"spacing": self.spacing}

    @property
    def measures(self) -> dict[str, Any]:
        """What the measures of a volume depend on: fields of `sadm.evaluation.evaluate.Settings`."""
        return {key: self.config["score"][key] for key in ("rates", "tolerance")} | {"spacing": self.spacing}

    def reconstructors(self, model: str) -> list[str]:
        """The models whose reconstructions ``model`` scores with: one or none."""
        found = self.reconstructor(model)
        return [found] if found else []

    def modules(self, model: str) -> list[str]:
        """The modules of the methods that the training of ``model`` runs: its own, and those of the models that it needs."""
        methods = {self.method(each) for each in (model, *self.needs(model))}
        return [f"src/sadm/methods/{method}.py" for method in sorted(methods)]

    @property
    def trivial_maps(self) -> list[tuple[str, str]]:
        """Each trivial score with each key of `scored`."""
        return list(product(self.trivial, self.scored))

    def extractors(self, model: str) -> list[str]:
        """The networks whose ImageNet weights the training of ``model`` reads: one or none."""
        network = self.imagenet(model)
        return [network] if network and not self.random_features else []

    @cached_property
    def shown(self) -> dict[str, str]:
        """The row shown on each test set: of those in the config's `figures`, or of all, the one trained on it, else the first."""
        chosen = self.config["figures"] or list(self.rows)
        return {
            testset: max(chosen, key=lambda row: testset in map(self.trained_on, self.rows[row]))
            for testset in self.testsets
        }

    @property
    def native_testsets(self) -> list[str]:
        """The test sets whose scans have a space of their own: all but the synthetic one."""
        return [testset for testset in self.testsets if testset in self.datasets]

    def settings(self, section: str, *keys: str) -> dict[str, Any]:
        """Some ``keys`` of a ``section`` of the config."""
        return {key: self.config[section][key] for key in keys}

    def kind(self, dataset: str) -> dict[str, Any]:
        """How the scans of a data set come: ``space`` "native", "sri24" or "study", and whether ``stripped``."""
        said = self.importer(dataset)
        return {"space": said["SPACE"], "stripped": said["STRIPPED"]}

    def limits(self, dataset: str) -> dict[str, Any]:
        """What a prepared scan must fulfil: the limits of the section quality.

        A head that is registered and stripped here must fulfil more than a brain that somebody else prepared (given_...).
        """
        said = {key: limit for key, limit in self.section("quality").items() if not key.startswith("on_")}
        ours = self.kind(dataset) == {"space": "native", "stripped": False}
        return {
            key: limit if ours else said.get(f"given_{key}", limit)
            for key, limit in said.items()
            if not key.startswith("given_")
        }

    def stripped_by(self, *methods: str) -> list[str]:
        """The data sets whose brain masks are made by one of ``methods`` ("hd-bet", "deepbet", "given", "none")."""
        return [name for name, dataset in self.datasets.items() if dataset["brain"] in methods]

    @property
    def strip_chunks(self) -> list[Chunk]:
        """The heads that deepbet or HD-BET strips, in chunks, and at the end those that deepbet strips only to compare."""
        own = [(name, self.datasets[name]["brain"]) for name in self.stripped_by("deepbet", "hd-bet")]
        found = [chunk for name, method in own for chunk in self._chunks(name, method)]
        for name in self.stripped_by("hd-bet"):
            found += self._chunks(name, "deepbet", compared=True)
        return found

    def _chunks(self, dataset: str, method: str, compared: bool = False) -> list[Chunk]:
        """None of a data set whose tree is not there, as the jobs that ask for it will say."""
        try:
            scans = self.scans(dataset)
        except SadmError:
            return []
        dealt = chunks(scans, self.config["brain"]["chunk" if method == "hd-bet" else "deepbet_chunk"])
        t1s = [{scan: self.scan(dataset, scan).t1 for scan in each} for each in dealt]
        return [Chunk(dataset, number, method, each, compared) for number, each in enumerate(t1s)]

    @property
    def fetches_hdbet(self) -> bool:
        """Whether HD-BET is version 1, whose parameters one job makes ready for all others."""
        return bool(self.config["brain"]["hdbet"] == 1)

    @property
    def passes(self) -> int:
        """Times that HD-BET's networks see a head."""
        said = self.config["brain"]
        return (said["models"] if self.fetches_hdbet else 1) * (8 if said["tta"] else 1)

    def strip_settings(self, chunk: Chunk) -> dict[str, Any]:
        """The keys of the section brain that the masks of ``chunk`` hang on."""
        if chunk.method == "deepbet":
            return {}
        return self.settings("brain", "tta", "models" if self.fetches_hdbet else "hdbet_parameters")

    def strip_gpus(self, chunk: Chunk) -> int:
        """GPUs that the job on ``chunk`` asks for."""
        return int(chunk.method == "hd-bet" and self.config["brain"]["device"] != "cpu")

    def strip_minutes(self, chunk: Chunk) -> int:
        """Minutes that the job on ``chunk`` may take: on a GPU 1 a scan; on a CPU 1 by deepbet, by HD-BET 1 and 1 a pass, 4 a pass of version 2."""
        if chunk.method == "deepbet" or self.strip_gpus(chunk):
            return 10 + len(chunk.t1s)
        return 10 + len(chunk.t1s) * (1 + self.passes * (1 if self.fetches_hdbet else 4))

    @staticmethod
    def one_of(names: Iterable[str]) -> str:
        """A regular expression that matches any of ``names`` and nothing else; nothing at all if there are none."""
        return "|".join(map(re.escape, names)) or "(?!)"
