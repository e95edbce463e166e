"""ImageNet weights of the feature extractors of FAE and RD, as torchvision published them (version 1 of each)."""

import hashlib
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from sadm import checkpoint
from sadm.errors import DataError, MissingWeightsError
from sadm.networks.imagenet import extractor

PLACE = "https://download.pytorch.org/models"
# The digits in a name are the first eight of the file's SHA-256.
FILES = {"resnet18": "resnet18-f37072fd.pth", "wide_resnet50_2": "wide_resnet50_2-95faca4d.pth"}


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
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        tensors = read(path, digest)
    wanted = extractor(network).state_dict()
    wrong = [key for key, own in wanted.items() if key not in tensors or tensors[key].shape != own.shape]
    if wrong:
        cause = f"{len(wrong)} tensors are absent or of another shape: {', '.join(wrong[:3])} ..."
        raise DataError(
            "ImageNet weights are not those of their network.", file=name, cause=cause, fix=fix(name)
        )
    about = {"network": network, "file": name, "sha256": digest}
    checkpoint.save({key: tensors[key] for key in wanted}, about, out)


def fetched(name: str, folder: Path) -> Path:
    """The file ``name``, downloaded into ``folder``."""
    path = folder / name
    try:
        torch.hub.download_url_to_file(f"{PLACE}/{name}", str(path), progress=False)
    except OSError as error:
        raise missing(name, f"it cannot be fetched: {error}") from error
    return path


def read(path: Path, digest: str) -> dict[str, Tensor]:
    """The tensors of a file whose SHA-256 is ``digest``. Code in it is refused, not run. Raises DataError."""
    prefix = path.stem.rpartition("-")[2]
    if not digest.startswith(prefix):
        cause = f"its sha256 is {digest}, not {prefix}..."
        raise DataError(
            "ImageNet weights are not the file expected.", file=path, cause=cause, fix=fix(path.name)
        )
    try:
        found: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a damaged or hostile file makes the reader raise
        cause = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        raise DataError(
            "ImageNet weights cannot be read.", file=path, cause=cause, fix=fix(path.name)
        ) from error
    return found


def fix(name: str) -> str:
    """What to do where a weights file is absent or wrong."""
    return f"put torchvision's {name} into a folder and name that as imagenet.weights, or set it to random (marked in the table)"


def missing(file: str | Path, cause: str) -> MissingWeightsError:
    """The error that says which file goes where."""
    return MissingWeightsError(
        "ImageNet weights are missing.", file=file, cause=cause, fix=fix(Path(file).name)
    )
