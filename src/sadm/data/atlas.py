"""ATLAS v2.0 (Liew et al. 2022): chronic stroke, heads with skull in MNI space, lesions traced by experts.

ATLAS_2/Training/R001/sub-r001s001/ses-1/anat/*_T1w.nii.gz                              R001: the site
                                              *_label-L_desc-T1lesion_mask.nii.gz
ATLAS_2/20220425_ATLAS_2.0_MetaData.xlsx                                                "Subject ID" ...
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.data import base, subjects

SPACE = "native"
STRIPPED = False
SUBJECT = ("subject id", "subject_id", "participant_id", "indi subject id")


@dataclass(frozen=True)
class Options:
    """Options of the importer."""

    path: str = ""  # the folder ATLAS_2, its folder Training, or the folder that holds ATLAS_2
    table: str = ""  # table of age and sex (csv, tsv, xlsx) by subject; empty: none is read


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every session that has a folder anat, also one that lacks its T1; the site is the cohort folder.

    Raises DataError: no tree, no scan, several T1 or labels of one session, a subject at two sites.
    """
    root = base.folder(base.folder(options["path"], "ATLAS_2"), "Training")
    found = [
        _scan(dataset, site.name, anat) for site in base.children(root, r"R\d+") for anat in _anats(site)
    ]
    return base.checked(found, root, "R*/sub-*/ses-*/anat/*_T1w.nii.gz")


def _anats(site: Path) -> Iterator[Path]:
    for subject in base.children(site, "sub-.+"):
        for session in base.children(subject, "ses-.+"):
            yield from base.children(session, "anat")


def _scan(dataset: str, site: str, anat: Path) -> base.Scan:
    subject, session = anat.parts[-3], anat.parts[-2]
    fix = "keep one of them in the folder anat"
    t1 = base.single(base.images(anat, ".*_T1w"), "T1", fix)
    lesion = base.single(base.images(anat, ".*lesion_mask"), "lesion label", fix)
    expected = anat / f"{subject}_{session}_space-MNI152NLin2009aSym_T1w.nii.gz"
    return base.Scan(
        dataset,
        subject.removeprefix("sub-"),
        session.removeprefix("ses-"),
        t1 or str(expected),
        lesion=lesion,
        site=site,
    )


def scans(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """The scans whose files exist."""
    return base.present(listed(dataset, options))


def tables(options: Mapping[str, Any]) -> list[str]:
    """The table of demographics, if one is named."""
    return [options["table"]] if options["table"] else []


def demographics(options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Age and sex by subject ("r001s001")."""
    return subjects.demographics(tables(options), SUBJECT, lambda cell: cell.removeprefix("sub-"))
