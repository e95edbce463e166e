"""Any BIDS data set with T1w images; lesion labels and brain masks are looked for beside them and under derivatives.

sub-01/[ses-01/]anat/sub-01[_ses-01][_acq-...][_run-...]_T1w.nii[.gz]
participants.tsv                                                        participant_id, age, sex, site
derivatives/<pipeline>/sub-01/[ses-01/][anat/]sub-01..._label-lesion_mask.nii[.gz]       or label-L_mask, label-lesion_roi, _dseg
                                              sub-01..._desc-brain_mask.nii[.gz]

Names are read by BIDS's own schema (`sadm.data.bids_names`), which also tells what is chosen where a session has several T1w.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sadm.data import base, bids_names
from sadm.data.bids_names import Name
from sadm.data.choice import Choice
from sadm.data.filenames import OTHER, PLACES, T1, no_t1
from sadm.data.subjects import People, people
from sadm.data.tree import DESCRIPTION, Tree, readable, shown, walk

SPACE = "native"
STRIPPED = False
TREE = "BIDS"
OWN_SPACE = ("T1w", "orig", "native", "individual", "scanner")
ALSO = ("UNIT1",)  # no T1w, and as good as one
SHOWN = 3  # names that a note shows


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the data set's folder
    t1: str = "*_T1w"  # pattern of the T1s' file names without suffix; narrower to choose among acq- or run-
    several: Literal["all", "first"] = (
        "all"  # of the acquisitions and runs of a session: each is a scan, or the first is
    )
    lesion: str = ""  # pattern of the lesion labels' file names, beside the T1s or under derivatives; empty: by BIDS's names for them
    brain_mask: str = "*-brain_mask"  # pattern of the brain masks' file names, likewise


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every T1w of the data set with the masks that lie on its grid by their names.

    Of the images of one acquisition (echo-, rec-, inv-, part-, desc- ...) the plain or the first one counts. Where a session has
    several acquisitions or runs, what tells them apart joins the session's label. A T1w after a contrast agent (ce-) and an
    image of another contrast count only if options.t1 names them. Raises DataError: no tree, no T1w, equal names, several
    masks that fit one T1w, options that leave no scan.
    """
    root, choice, found, met = (
        base.folder(options["path"]),
        Choice.of(options),
        list[base.Scan](),
        list[base.Scan](),
    )
    for subject in _subjects(root):
        scans = [
            base.Scan(dataset, _label(subject.name), _session(place, subject, t1), str(t1))
            for place in _sessions(subject)
            for t1, said in _t1s(subject, place, options).items()
            if not said
        ]
        met += scans
        kept = _distinct(subject.name, [s for s in scans if not choice.why_not(s.subject, s.session, "sub-")])
        kept = [s for s in kept if not Choice(exclude=choice.exclude).why_not(s.subject, s.session, s.name)]
        masks = _masks(root, subject.name) if kept else []
        found += [_masked(scan, root, subject.name, masks, options) for scan in kept]
    if met and not found:
        raise choice.none_left({scan.subject for scan in met}, {scan.session for scan in met})
    return base.checked(found, root, f"sub-*/[ses-*/]anat/{options['t1']}.nii[.gz]")


def _t1s(subject: Path, place: Path, options: Mapping[str, Any]) -> dict[Path, str]:
    """The T1s in a folder of a ``subject``'s session ``place`` that fit options.t1, and why one is no scan ("": it is one)."""
    fitting = base.images(place / "anat", _regex(options["t1"]))
    names = {
        str(t1): _parsed(subject.name, t1)
        for t1 in fitting if not _no_t1(subject.name, t1.name, options["t1"])
    }  # fmt: skip
    left = bids_names.chosen(names, options["several"]) if names else {}
    return {Path(path): left.get(path, "") for path in names}


def _parsed(subject: str, path: str | Path) -> Name:
    """The parsed name of an image, whose session is that of its folder or its name."""
    session = next((part for part in reversed(Path(path).parent.parts) if part.startswith("ses-")), "")
    return bids_names.parsed(subject, path, session)


def subjects(options: Mapping[str, Any]) -> list[str]:
    """The labels of all folders of subjects."""
    return [_label(path.name) for path in _subjects(base.folder(options["path"]))]


def about(options: Mapping[str, Any]) -> list[str]:
    """The version of BIDS that the data set names, sessions with several T1s, and names that are not as BIDS has them."""
    root = base.folder(options["path"])
    several, odd = [], []
    for subject in _subjects(root):
        for place in _sessions(subject):
            used = [t1 for t1, said in _t1s(subject, place, options).items() if not said]
            several += [place.relative_to(root).as_posix()] * (len(used) > 1)
            odd += [
                f"{t1.name}: {why}" for t1 in used if (why := bids_names.faults(_parsed(subject.name, t1)))
            ]
    version = _version(root)
    notes = [f"edition: BIDS {version}" if version else f"edition: BIDS, without a {DESCRIPTION}"]
    if several:
        notes.append(
            f"{len(several)} sessions have several T1s (acq-, run- ...), each of which is a scan: {_some(several)}; "
            "options.several: first takes one"
        )
    if odd:
        notes.append(
            f"{len(odd)} names of T1s are not as BIDS {bids_names.schema()['bids']} has them: {_some(odd)}"
        )
    return notes


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(map(shown, names[:SHOWN])) + (f" and {more} more" if more > 0 else "")


def _version(root: Path) -> str:
    try:
        said = json.loads((root / DESCRIPTION).read_text(encoding="utf-8-sig"))
        return str(said.get("BIDSVersion", "")) if isinstance(said, dict) else ""
    except (OSError, ValueError, RecursionError):
        return ""


def why(path: str, options: Mapping[str, Any]) -> str:
    """Why the image ``path`` is not used."""
    parts = path.split("/")
    top, name = parts[0], parts[-1]
    if top in PLACES:
        return PLACES[top]
    if not re.fullmatch(r"sub-[^/]+/(ses-[^/]+/)?anat/[^/]+", path):
        known = re.fullmatch(r"sub-[^/]+/(ses-[^/]+/)?(\w+)/[^/]+", path)
        return f"not in sub-*/[ses-*/]anat: in {known[2]}" if known else "not in sub-*/[ses-*/]anat"
    if said := _no_t1(top, name, options["t1"]):
        return said
    file = base.folder(options["path"]) / path
    left = _t1s(base.folder(options["path"]) / top, file.parent.parent, options).get(file, "")
    return left or f"does not fit options.t1: {options['t1']}"


def _no_t1(subject: str, name: str, pattern: str) -> str:
    """Why the image ``name`` in a ``subject``'s folder is no T1, "" if it may be one that fits ``pattern``."""
    stem = base.stem(name)
    if not stem.startswith(f"{subject}_"):
        return f"a name that does not parse: it does not begin with its folder's name and _: {name}"
    said, kind = no_t1(stem.removeprefix(f"{subject}_"), pattern), stem.rpartition("_")[2]
    if said and not said.startswith(OTHER):
        return said
    if said or (kind.lower() not in T1 and kind not in pattern):
        return f"{OTHER}: {kind}" + (f" (options.t1 could be '*_{kind}')" if kind in ALSO else "")
    return ""


def _subjects(root: Path) -> list[Path]:
    return [path for path in base.children(root, "sub-.+") if os.path.isdir(path)]


def _label(folder: str) -> str:
    return folder.partition("-")[2]


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of BIDS: subjects, and a description or folders anat."""
    return [{"path": str(path)}] if is_root(path) else []


def is_root(path: Path) -> bool:
    """Whether the folder ``path`` is a BIDS data set: it has subjects, and a description or folders anat."""
    found = _subjects(path)
    anat = (os.path.isdir(place / "anat") for subject in found for place in _sessions(subject))
    return bool(found) and (os.path.isfile(path / DESCRIPTION) or any(anat))


def tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, if there is one."""
    return [path for path in _tables(options) if os.path.isfile(path)]


def _tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, also one that is no file: reading it tells."""
    path = base.folder(options["path"]) / "participants.tsv"
    return [str(path)] if os.path.lexists(path) else []


def demographics(options: Mapping[str, Any]) -> People:
    """Age, sex and site by subject ("01")."""
    return people(
        _tables(options), ("participant_id",), lambda cell: cell.removeprefix("sub-"), ("site", "site_id")
    )


@cache
def _regex(pattern: str) -> str:
    return translate(pattern).removesuffix(r"\Z").removesuffix(r"\z")


def _sessions(subject: Path) -> list[Path]:
    return [subject, *base.children(subject, "ses-.+")]


def _session(place: Path, subject: Path, t1: Path) -> str:
    return _label(place.name) if place != subject else _parsed(subject.name, t1).entities.get("ses", "")


def _masks(root: Path, subject: str) -> list[Path]:
    found = [path for place in _sessions(root / subject) for path in base.images(place / "anat", ".+")]
    for tree in base.children(root / "derivatives", ".+"):
        below = walk(tree / subject) if os.path.isdir(tree / subject) else Tree("")
        found += [
            Path(below.root, path)
            for path, state in below.entries
            if readable(path) and state in ("", "dead")
        ]
    return sorted(found)


def _masked(
    scan: base.Scan, root: Path, subject: str, masks: list[Path], options: Mapping[str, Any]
) -> base.Scan:
    """``scan`` with those of its subject's ``masks`` that lie on its grid."""
    t1 = _parsed(subject, scan.t1)
    mine = [mask for mask in masks if bids_names.lies_on(_parsed(subject, mask), t1, OWN_SPACE)]
    chosen = {}
    for kind, what in (("lesion", "lesion label"), ("brain_mask", "brain mask")):
        if kind == "lesion" and not options[kind]:
            fits = _lesions(root, subject, mine)
            fix = "say which in options.lesion: a pattern of its name, as '*rater1*_mask'"
        else:
            fits = [mask for mask in mine if re.fullmatch(_regex(options[kind]), base.stem(mask))]
            fix = f"narrow options.{kind}, now {options[kind]!r}"
        chosen[kind] = base.single(fits, what, fix)
    return replace(scan, **chosen)


def _lesions(root: Path, subject: str, masks: list[Path]) -> list[Path]:
    """Those of ``masks`` that are lesion labels by their names, in the best form of them that there is."""
    forms = {}
    for mask in masks:
        raw = mask.relative_to(root).parts[0] == subject
        if (form := bids_names.lesion_form(_parsed(subject, mask), raw)) is not None:
            forms[mask] = form
    return [mask for mask, form in forms.items() if form == min(forms.values())]


def _distinct(subject: str, scans: list[base.Scan]) -> list[base.Scan]:
    sessions = [scan.session for scan in scans]
    return [
        replace(s, session=s.session + _rest(subject, s.t1)) if sessions.count(s.session) > 1 else s
        for s in scans
    ]


def _rest(subject: str, t1: str) -> str:
    return "".join(key + value for key, value in _parsed(subject, t1).entities.items() if key != "ses")
