"""ImageNet weights of the feature extractors of FAE and RD, as torchvision published them (version 1 of each)."""

import tempfile
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor

from sadm.networks.imagenet import extractor, shapes
from sadm.runtime.errors import DataError, MissingWeightsError
from sadm.runtime.files import digest
from sadm.training import checkpoint

PLACE = "https://download.pytorch.org/models"
FILES = {"resnet18": "resnet18-f37072fd.pth", "wide_resnet50_2": "wide_resnet50_2-95faca4d.pth"}
SHA256 = {
    "resnet18-f37072fd.pth": "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
    "wide_resnet50_2-95faca4d.pth": "95faca4d11227dddf8633dbb5ff6c8a9003c1aa5b8945c73834b8007b10950b8",
}


def imagenet(network: str, weights: str, out: str | Path) -> None:
    """Write the tensors of ``network``'s feature extractor to ``out``, with the file's name and SHA-256 beside them.

    ``weights``: "fetch", or the folder that holds torchvision's file. Raises MissingWeightsError if it is not there or
    cannot be fetched, DataError if it is another file or does not hold the network.
    """
    name = FILES[network]
    with tempfile.TemporaryDirectory() as folder:
        path = fetched(name, Path(folder)) if weights == "fetch" else Path(weights).expanduser() / name
        if not path.is_file():
            raise missing(path, "no such file")
        sha256 = digest(path)
        tensors = read(path, sha256)
    with torch.device("meta"):
        wanted = shapes(extractor(network).state_dict())
    wrong = [key for key, shape in wanted.items() if key not in tensors or tensors[key].shape != shape]
    if wrong:
        cause = f"{len(wrong)} tensors are absent or of another shape: {', '.join(wrong[:3])} ..."
        raise refused(path, "are not those of their network", cause)
    about = {"network": network, "source": "imagenet", "file": name, "sha256": sha256}
    checkpoint.save({key: tensors[key] for key in wanted}, about, out)


def fetched(name: str, folder: Path) -> Path:
    """The file ``name``, downloaded into ``folder``."""
    path = folder / name
    try:
        torch.hub.download_url_to_file(f"{PLACE}/{name}", str(path), progress=False)
    except (OSError, HTTPException) as error:
        raise missing(name, f"it cannot be fetched: {error}") from error
    return path


def read(path: Path, sha256: str) -> dict[str, Tensor]:
    """The tensors of a file of `FILES` whose SHA-256 is ``sha256``. Code in it is refused, not run. Raises DataError."""
    if sha256 != SHA256[path.name]:
        raise refused(path, "are not the file expected", f"its sha256 is {sha256}, not {SHA256[path.name]}")
    try:
        found = dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # whatever a damaged or hostile file makes the reader raise
        cause = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise refused(path, "cannot be read", cause) from error
    return {name: value.detach() for name, value in found.items() if isinstance(value, Tensor)}


def fix(name: str) -> str:
    """What to do where a weights file is absent or wrong."""
    return f"put torchvision's {name} into a folder and name that as imagenet.weights, or set it to random (marked in the table)"


def refused(path: Path, what: str, cause: str) -> DataError:
    """The error that says what a weights file is not."""
    return DataError(f"ImageNet weights {what}.", file=path, cause=cause, fix=fix(path.name))


def missing(file: str | Path, cause: str) -> MissingWeightsError:
    """The error that says which file goes where."""
    return MissingWeightsError(
        "ImageNet weights are missing.", file=file, cause=cause, fix=fix(Path(file).name)
    )
