"""An image of a BIDS derivative: beside it lies what it is, in which space, and what it was made of."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sadm.runtime.files import TEMPLATE, save_nifti, write_json

SRI24 = "https://www.nitrc.org/projects/sri24"


def sidecar(image: str | Path) -> Path:
    """The JSON file beside ``image`` (.nii.gz)."""
    return Path(image).with_name(Path(image).name.removesuffix(".nii.gz") + ".json")


def uri(file: str | Path, dataset: str = "") -> str:
    """The BIDS URI of ``file``, of the same data set or of the linked one ``dataset``: its path from its subject's folder on."""
    path = Path(file)
    above = [number for number, part in enumerate(path.parts[:-1]) if re.fullmatch("sub-[A-Za-z0-9]+", part)]
    inside = path.parts[above[-1] :] if above else [path.name]
    return f"bids:{dataset}:{'/'.join(inside)}"


def describe(image: str | Path, what: str, sources: Iterable[str], **fields: Any) -> None:
    """Write the sidecar of ``image``: Description ``what``, Sources (BIDS URIs of what it was made of directly), and ``fields``."""
    write_json({"Description": what, "Sources": list(sources), **fields}, sidecar(image))


def save(
    array: np.ndarray, affine: np.ndarray, path: str | Path, what: str, sources: Iterable[str], **fields: Any
) -> None:
    """Write an image in a space of SRI24 as `save_nifti` does, and its sidecar as `describe` does."""
    save_nifti(array, affine, path, TEMPLATE)
    describe(path, what, sources, SpatialReference=SRI24, **fields)


def mask_of(method: str, raw: Mapping[str, str], transform: str | Path) -> dict[str, Any]:
    """What the sidecar of a brain mask by ``method`` says; ``raw``: URIs of the scan's files, ``transform``: the one to its grid."""
    names = {"none": "the voxels of a stripped scan that are not 0", "given": "the scan's own"}
    made_of = [raw["t1"]] if method != "given" else [raw["brain_mask"]]
    return {
        "what": f"Brain mask ({names.get(method, method)}), where the affine by the head brings the scan: on the grid of SRI24",
        "sources": [*made_of, uri(transform)],
        "Type": "Brain",
    }
