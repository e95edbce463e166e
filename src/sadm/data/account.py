"""An account of every image of a data set: used, as what and of which scan, or not, and why. Standard library, but for tables.

An importer lists scans, and gets this for nothing. It may say more: ``place(dataset, options)``, the folder that is its own;
``why(path, options)``, why it does not use an image, by its path below that folder; ``subjects(options)``, who is announced;
``joining(options, scans, groups)``, the value of options.t1 that makes one subject of each group.
"""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from sadm.data.base import Scan
from sadm.data.filenames import no_t1
from sadm.data.persons import alike, told
from sadm.data.tree import NIFTI, Entry, Tree, escaped, shown, suffix, walk

COLUMNS = ("dataset", "file", "used_as", "scan", "why_not")
KINDS = ("t1", "brain_mask", "lesion")
EXCLUDED = "excluded"
UNKNOWN = "a name that the importer does not know"
NAMED = 8  # of a list of subjects in a note
STATES = {
    "hidden": "hidden: its name or that of its folder begins with a dot",
    "dead": "a link to nothing: its content was not fetched",
    "ours": "our own result",
}


@dataclass(frozen=True)
class Account:
    """``rows``: one an image, with COLUMNS; ``notes``: what else a user must know of the data set, a sentence each."""

    rows: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """ "126 of 131 images used; 5 not: 3 another contrast (flair), 2 another format (.mgz)"."""
        unused = [row["why_not"].partition(": ") for row in self.rows if not row["used_as"]]
        said = f"{len(self.rows) - len(unused)} of {len(self.rows)} images used"
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for kind, _, detail in unused:
            kinds[kind][detail if kind != EXCLUDED else ""] += 1  # why is in the notes
        told = sorted(kinds.items(), key=lambda item: (-item[1].total(), item[0]))
        each = [f"{n.total()} {kind}{_details(n)}" for kind, n in told]
        return f"{said}; {len(unused)} not: {', '.join(each)}" if unused else said


def _details(found: Counter[str]) -> str:
    known = [detail for detail, _ in found.most_common() if detail]
    return f" ({', '.join(known[:4])}{' ...' if len(known) > 4 else ''})" if known else ""


def account(
    importer: str,
    dataset: str,
    options: Mapping[str, Any],
    scans: Sequence[Scan],
    excluded: Mapping[str, str] | None = None,
    known: Iterable[str] = (),
) -> Account:
    """What became of every image of the ``dataset``, of which ``importer`` lists ``scans`` with ``options``.

    ``excluded``: causes by the names of the scans that are left out; ``known``: the subjects of the tables beside the images.
    """
    module = import_module(f"sadm.data.{importer}")
    root = module.place(dataset, options) if hasattr(module, "place") else options["path"]
    tree = walk(root)
    used = _used(scans, tree)
    rows = []
    for entry in tree.entries:
        row = dict.fromkeys(COLUMNS, "") | {"dataset": dataset, "file": shown(entry.path)}
        owners = used.get(entry.path, [])
        left = [name for _, name in owners if name in (excluded or {})]
        if owners:
            row["scan"] = ", ".join(name for _, name in owners)
        if owners and len(left) < len(owners) and not entry.state:
            row["used_as"] = owners[0][0]
        elif left:
            row["why_not"] = f"{EXCLUDED}: {(excluded or {})[left[0]]}"
        else:
            row["why_not"] = _why(entry, module, options)
        rows.append(row)
    return Account(rows, _notes(module, options, scans, tree, known))


def _used(scans: Iterable[Scan], tree: Tree) -> dict[str, list[tuple[str, str]]]:
    """Of the images in ``tree`` that ``scans`` use: as what, and of which scan; by path below the root."""
    first = {link: folder for folder, links in tree.links.items() for link in links}
    used: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for scan in scans:
        for kind in KINDS:
            if path := getattr(scan, kind):
                below = "" if path == tree.root else os.path.relpath(path, tree.root)
                used[_by_first_name(below or os.path.basename(path), first)].append((kind, scan.name))
    return used


def _by_first_name(path: str, first: Mapping[str, str]) -> str:
    """``path`` by the name under which its folder was read first."""
    parts = path.split(os.sep)
    for depth in range(len(parts) - 1, 0, -1) if first else ():
        if (folder := first.get("/".join(parts[:depth]))) is not None:
            return _by_first_name(
                "/".join([*folder.split("/"), *parts[depth:]] if folder else parts[depth:]), first
            )
    return "/".join(parts)


def _why(entry: Entry, module: Any, options: Mapping[str, Any]) -> str:
    if entry.state:
        return STATES[entry.state]
    kind = suffix(entry.path)
    if kind not in NIFTI:
        return f"another format: {kind}"
    if not entry.path.endswith(NIFTI):
        return f"another format: the suffix is not {kind} in small letters"
    said = module.why(entry.path, options) if hasattr(module, "why") else ""
    said = said or no_t1(entry.path[: -len(kind)], options.get("t1", ""))
    return said or f"{UNKNOWN}: {shown(os.path.basename(entry.path))}"


def _notes(
    module: Any, options: Mapping[str, Any], scans: Sequence[Scan], tree: Tree, known: Iterable[str]
) -> list[str]:
    found = [f"the folder {shown(place)} cannot be read: {cause}" for place, cause in tree.unreadable.items()]
    have = {scan.subject for scan in scans}
    announced = {*known, *(module.subjects(options) if hasattr(module, "subjects") else ())}
    announced = {unicodedata.normalize("NFC", who) for who in announced}
    if lacking := sorted(announced - have):
        found.append(
            f"{len(lacking)} of {len(announced | have)} subjects have no T1 here: {several(lacking)}"
        )
    if groups := alike(have):
        joined = module.joining(options, scans, groups) if hasattr(module, "joining") else ""
        found.append(told(groups, joined))
    return found


def several(names: Sequence[str]) -> str:
    """The first of ``names``, and how many more there are."""
    more = len(names) - NAMED
    return escaped(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
