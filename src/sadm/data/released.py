"""The SADM authors' preprocessed release: stripped, affinely registered, N4-corrected; joins the chain after preprocessing.

    [Data/]Train/ixi/{t1,mask}/IXI105-HH-1471_{t1,mask}.nii.gz
    [Data/]Test/Brats21/{t1,mask,seg}/BraTS2021_00538_{t1,mask,seg}.nii.gz
    [Data/]Test/ATLAS_v2/{t1,mask,seg}/sub-r009s085_ses-1_space-MNI152NLin2009aSym_{t1,mask,seg}.nii.gz
    [Data/]splits/*.csv                                                            img_name, age ...

Their README shows the tree without the level Data, their code reads it with; both are found.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sadm.data import base
from sadm.data.subjects import People, people

SPACE = "study"
STRIPPED = True
TREE = "the authors' preprocessed release"
FRACTIONAL = True  # their labels were interpolated linearly; all above 0 is lesion, as in their code
PARTS = {
    "ixi": ("Train/ixi", r"(?P<subject>IXI\d+)-(?P<site>\w+)-\d+", "IXI"),
    "Brats21": ("Test/Brats21", r"(?P<subject>BraTS\w*_\d+)", "Brats21"),
    "ATLAS_v2": (
        "Test/ATLAS_v2",
        r"sub-(?P<subject>(?P<site>r\d+)s\d+)_ses-(?P<session>\w+?)_.*",
        "ATLAS_v2",
    ),
}


SUBJECT = re.compile(r"IXI\d+|BraTS\w*?_\d+|(?<=sub-)r\d+s\d+")


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the folder that holds Train and Test, or its parent that holds Data
    part: Literal["ixi", "Brats21", "ATLAS_v2"] = "ixi"  # which part of the release


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every image of the part, also one that lacks its T1 or brain mask. Raises DataError: no tree, no scan."""
    place, pattern, _ = PARTS[options["part"]]
    root = base.folder(options["path"], "Data") / place
    names: dict[str, re.Match[str]] = {}
    for kind in ("t1", "mask", "seg"):
        for path in base.images(root / kind, rf".*_{kind}"):
            if match := re.fullmatch(pattern, base.stem(path).removesuffix(f"_{kind}")):
                names[match[0]] = match
    found = []
    for name, match in names.items():
        t1, mask, seg = (base.image(root / kind / f"{name}_{kind}") for kind in ("t1", "mask", "seg"))
        said = match.groupdict(default="")
        site = re.sub(r"^r(?=\d)", "R", said.get("site", ""))
        lesion = str(seg) if os.path.exists(seg) else ""
        found.append(
            base.Scan(
                dataset, said["subject"], said.get("session", ""), str(t1), str(mask), lesion, site=site
            )
        )
    return base.checked(found, root, "t1/*_t1.nii.gz", options)


def why(path: str, options: Mapping[str, Any]) -> str:
    """Why the image ``path`` is not used."""
    own = any(place in path for place in (PARTS[options["part"]][0], f"{options['part']}/"))
    return "" if own else f"another part than {options['part']}"


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list each part of the release that is at ``path``."""
    root = base.folder(path, "Data")
    parts = [part for part, (place, _, _) in PARTS.items() if os.path.isdir(root / place / "t1")]
    return [{"path": str(path), "part": part} for part in parts]


def tables(options: Mapping[str, Any]) -> list[str]:
    """The release's csv files of this part; their duplicate rows do no harm, as only age and sex are read."""
    root = base.folder(options["path"], "Data")
    _, _, name = PARTS[options["part"]]
    return [str(path) for path in base.children(root / "splits", rf"{name}.*\.csv")]


def demographics(options: Mapping[str, Any]) -> People:
    """Age and sex by subject."""
    return people(
        tables(options), ("img_name",), lambda cell: found[0] if (found := SUBJECT.search(cell)) else ""
    )
