"""Names of BIDS images, read by the standard's own schema (bids_schema.json, which `make schema` writes); what is chosen by them.

Several images of one acquisition (its echoes, reconstructions, inversions ...) are one scan; acquisitions and runs are several.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sadm.data.base import stem

SCHEMA = Path(__file__).with_name("bids_schema.json")
# Entities of images of one acquisition, of which one is the scan: what the others are.
ONE = {
    "echo": "another echo",
    "inv": "another inversion",
    "part": "another part of a complex image",
    "rec": "another reconstruction",
    "proc": "another reconstruction",
    "mod": "another contrast",
    "desc": "another version",
    "space": "another space",
    "res": "another resolution",
}
LESION = re.compile(r"(?i:.*(?:lesion|stroke|infarct|tumou?r|glioma|ha?emorrhage|wmh).*)")
FORMS = {"mask": 0, "roi": 1, "dseg": 2}  # of a lesion label; roi: of BIDS before derivatives were part of it
LABEL = "L"  # a lesion, in BIDS's table of tissue labels


class Name(NamedTuple):
    """The ``entities`` of an image's name but for its subject, the ``words`` that are none, and its ``suffix``."""

    entities: dict[str, str]
    words: list[str]
    suffix: str


@cache
def schema() -> dict[str, Any]:
    """The schema's entities, suffixes and what only derivatives have."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def parsed(subject: str, path: str | Path, session: str = "") -> Name:
    """The name of an image of ``subject`` ("sub-01") in its folder ``session`` ("ses-1"): their labels may have any sign."""
    rest = stem(path).removeprefix(f"{subject}_")
    entities = {}
    if session and rest.startswith(f"{session}_"):
        entities["ses"], rest = session.removeprefix("ses-"), rest.removeprefix(f"{session}_")
    *parts, suffix = rest.split("_")
    words = []
    for part in parts:
        key, sign, value = part.partition("-")
        if sign:
            entities[key] = value
        else:
            words.append(part)
    return Name(entities, words, suffix)


def faults(name: Name) -> str:
    """What of the ``name`` of a raw anatomical image the schema does not know, "" if all is by the rules."""
    known, allowed = [*schema()["entities"]], schema()["anat"].get(name.suffix)
    if allowed is None:
        return f"{name.suffix} is no suffix of anat"
    if name.words:
        return f"{name.words[0]} is no entity"
    for key, value in name.entities.items():
        if key not in known:
            return f"{key}- is no entity of BIDS"
        if key not in allowed:
            return f"a raw {name.suffix} has no {key}-"
        form, *values = schema()["entities"][key]
        if (form == "index" and not value.isdecimal()) or (values and value not in values):
            return f"{key}-{value} is no {form if form == 'index' else 'value of ' + key}"
    order = [known.index(key) for key in name.entities]
    if order != sorted(order):
        return f"the order of BIDS is {'_'.join(f'{key}-' for key in sorted(name.entities, key=known.index))}"
    return ""


def suffixes() -> set[str]:
    """The suffixes of all images that BIDS knows."""
    return {suffix for each in schema()["suffixes"].values() for suffix in each}


def chosen(names: Mapping[str, Name], several: str = "all") -> dict[str, str]:
    """Of the T1s of one session, by their ``names``, why those that are not a scan are none.

    Of an acquisition the image counts that has no echo-, rec- and so on, else the first; with ``several`` "first" of the
    acquisitions and runs, too.
    """
    groups = defaultdict(list)
    for path, name in names.items():
        groups[tuple(sorted((k, v) for k, v in name.entities.items() if k not in ONE))].append(path)
    left: dict[str, str] = {}
    firsts = []
    for paths in groups.values():
        best, *others = sorted(paths, key=lambda path: (_rank(names[path], ONE), path))
        firsts.append(best)
        left |= {
            path: _said(names[path], names[best])
            for path in others
            if names[path].entities != names[best].entities
        }
    if several == "first":
        best, *others = sorted(firsts, key=lambda path: (_rank(names[path], schema()["entities"]), path))
        left |= {
            path: f"another image of the session (options.several): {_differs(names[path], names[best])}"
            for path in others
        }
    return left


def _rank(name: Name, keys: Sequence[str] | Mapping[str, Any]) -> list[tuple[bool, int, str]]:
    """Order of a name by the values of ``keys``: none first, then numbers, then texts."""
    values = [name.entities.get(key, "") for key in keys]
    return [(bool(v), int(v) if v.isdecimal() else 10**6, v) for v in values]


def _said(name: Name, best: Name) -> str:
    key = next(key for key in ONE if name.entities.get(key) != best.entities.get(key))
    return f"{ONE[key]} of the same acquisition: {_differs(name, best)}"


def _differs(name: Name, best: Name) -> str:
    """What ``name`` has that ``best`` has not."""
    own = [f"{k}-{v}" for k, v in name.entities.items() if best.entities.get(k) != v]
    return "_".join(own) or f"without {next(iter(set(best.entities) - set(name.entities)), 'more')}-"


def lies_on(mask: Name, t1: Name, own_spaces: Sequence[str]) -> bool:
    """Whether a mask lies, by its name, on the grid of a T1."""
    free = {*schema()["derived"], *ONE}
    same = all(t1.entities.get(key) == value for key, value in mask.entities.items() if key not in free)
    space = mask.entities.get("space", "T1w") in (*own_spaces, t1.entities.get("space"))
    images = {word for word in [*mask.words, mask.entities.get("mod", "T1w")] if word in suffixes()}
    return (
        same and space and images <= {t1.suffix, "T1w"} and t1.entities.get("ses") == mask.entities.get("ses")
    )


def lesion_form(name: Name, raw: bool) -> int | None:
    """How well a name is that of a lesion label, 0 the best; None if it is none. ``raw``: it does not lie below derivatives."""
    said = [*(name.entities.get(key, "") for key in ("label", "desc", "seg", "acq")), *name.words]
    lesion = name.entities.get("label") == LABEL or any(map(LESION.fullmatch, said))
    if name.suffix in FORMS:
        bare = name.suffix == "roi" and raw and not {"label", "desc", "seg"} & name.entities.keys()
        return FORMS[name.suffix] if lesion else 4 if bare else None
    return 3 if LESION.fullmatch(name.suffix) and name.suffix not in suffixes() else None
