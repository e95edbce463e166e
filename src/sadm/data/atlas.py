"""ATLAS v2.0 (Liew et al. 2022): chronic stroke, heads with skull in MNI space, lesions traced by experts.

ATLAS_2/Training/R001/sub-r001s001/ses-1/anat/*_T1w.nii.gz                              R001: the site
                                              *_label-L_desc-T1lesion_mask.nii.gz
ATLAS_2/20220425_ATLAS_2.0_MetaData.xlsx                                                "Subject ID" ...
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.data import base
from sadm.data.subjects import People, people

SPACE = "native"
STRIPPED = False
TREE = "ATLAS"
SUBJECT = ("subject id", "subject_id", "participant_id", "indi subject id")


@dataclass(frozen=True)
class Options:
    """Options of the importer."""

    path: str = ""  # the folder ATLAS_2, its folder Training, or the folder that holds ATLAS_2
    table: str = ""  # table of age and sex (csv, tsv, xlsx) by subject; empty: none is read


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every session of every subject, also one that lacks its T1; the site is the cohort folder.

    Raises DataError: no tree, no scan, several T1 or labels of one session, a subject at two sites.
    """
    root = _root(options["path"])
    found = [_scan(dataset, site.name, anat) for site in _sites(root) for anat in _anats(site)]
    return base.checked(found, root, "R*/sub-*/ses-*/anat/*_T1w.nii.gz")


def _anats(site: Path) -> Iterator[Path]:
    """The folders anat of the subjects of a ``site``; of a subject or session without one the folder that it lacks."""
    for subject in base.children(site, "sub-.+"):
        sessions = base.children(subject, "ses-.+")
        if base.children(subject, "anat"):
            yield subject / "anat"
        elif not sessions:
            yield subject / "ses-1" / "anat"
        yield from (session / "anat" for session in sessions)


def _scan(dataset: str, site: str, anat: Path) -> base.Scan:
    above = anat.parent
    session = above.name if above.name.startswith("ses-") else ""
    subject = above.parent.name if session else above.name
    fix = "keep one of them in the folder anat"
    t1 = base.single(base.images(anat, ".*_T1w"), "T1", fix)
    lesion = base.single(base.images(anat, ".*lesion_mask"), "lesion label", fix)
    expected = anat / f"{subject}_{session or 'ses-1'}_space-MNI152NLin2009aSym_T1w.nii.gz"
    return base.Scan(
        dataset,
        subject.removeprefix("sub-"),
        session.removeprefix("ses-"),
        t1 or str(expected),
        lesion=lesion,
        site=site,
    )


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of ATLAS."""
    subjects = (base.children(site, "sub-.+") for site in _sites(_root(path)))
    return [{"path": str(path)}] if any(subjects) else []


def _root(path: str | Path) -> Path:
    return base.folder(base.folder(path, "ATLAS_2"), "Training")


def _sites(root: Path) -> list[Path]:
    return base.children(root, r"R\d+")


def tables(options: Mapping[str, Any]) -> list[str]:
    """The table of demographics, if one is named."""
    return [options["table"]] if options["table"] else []


def demographics(options: Mapping[str, Any]) -> People:
    """Age and sex by subject ("r001s001")."""
    return people(tables(options), SUBJECT, lambda cell: cell.removeprefix("sub-"))
