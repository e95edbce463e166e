"""What a folder holds, before any study: its importer, its scans, and what became of every image in it.

    sadm check PATH [--importer NAME] [--option KEY=VALUE ...] [--all] [--read]

Without --importer it is guessed. Names alone are looked at; with --read every file of the scans is read, as rule cohort does.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from sadm.cohort.sheet import check
from sadm.cohort.unlabelled import candidate_notes
from sadm.data.account import UNKNOWN, Account, account
from sadm.data.base import Scan, listing
from sadm.data.subjects import People, matched
from sadm.runtime.errors import ConfigError
from sadm.study import registry
from sadm.study.config import resolve
from sadm.study.guess import guess

NAME = "scans"  # of the data set, as in studies/prep.yaml
SHOWN = 3  # files of a kind that are named


def options_of(path: str, importer: str, given: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The importer of ``path``, guessed if none is named, and its options; ``given``: KEY=VALUE. Raises ConfigError, DataError."""
    options: dict[str, Any] = {"path": path}
    if not importer:
        found = guess(path)
        importer, options = found.importer, dict(found.options)
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            raise ConfigError(f"--option {text}: no =", fix="write KEY=VALUE")
        options[key] = value
    study = {"name": "check", "datasets": {NAME: {"importer": importer, "options": options}}}
    return importer, resolve(study)["datasets"][NAME]["options"]


def text(importer: str, scans: Sequence[Scan], found: Account, whole: bool = False) -> str:
    """What is told of a folder; of images that are not used a few of each kind, or the ``whole`` list."""
    tree = registry.constants(f"data/{importer}").get("TREE", importer)
    people = len({scan.subject for scan in scans})
    lines = [f"{tree} (importer: {importer}): {len(scans)} scans of {people} subjects", found.line]
    kinds = defaultdict(list)
    for row in found.rows:
        if not row["used_as"]:
            kinds[UNKNOWN if row["why_not"].startswith(UNKNOWN) else row["why_not"]].append(row["file"])
    for kind, files in sorted(kinds.items()):
        some = files if whole else files[:SHOWN]
        more = f" and {len(files) - len(some)} more" if len(files) > len(some) else ""
        lines.append(f"  not used, {kind}: {', '.join(some)}{more}")
    return "\n".join([*lines, *(f"note: {note}" for note in found.notes)])


def known(importer: str, options: Mapping[str, Any], scans: Sequence[Scan]) -> tuple[set[str], list[str]]:
    """The subjects that the tables beside the images know, and what is to be told of these tables and of labels."""
    module = import_module(f"sadm.data.{importer}")
    people = module.demographics(options) if hasattr(module, "demographics") else People()
    own = matched(people, [scan.subject for scan in scans])
    notes = [*candidate_notes(scans, options), *people.notes, *[own.note] * bool(own.note)]
    return own.strangers | set(own.rows), notes


def main(arguments: Sequence[str]) -> None:
    """Print what the folder on the command line holds. Raises DataError, with --read for files that cannot be used."""
    parser = argparse.ArgumentParser("sadm check", description="What a folder holds, before any study.")
    parser.add_argument("path", help="a folder of scans, or one scan")
    parser.add_argument("--importer", default="", help=f"one of {', '.join(registry.names('data'))}")
    parser.add_argument("--option", action="append", default=[], help="KEY=VALUE: an option of the importer")
    parser.add_argument("--all", action="store_true", help="name every image that is not used")
    parser.add_argument("--read", action="store_true", help="read every file of the scans, too")
    said = parser.parse_args(arguments)
    importer, options = options_of(said.path, said.importer, said.option)
    scans = listing(importer, NAME, options)
    people, notes = known(importer, options, scans)
    found = account(importer, NAME, options, scans, known=people)
    print(text(importer, scans, replace(found, notes=[*notes, *found.notes]), said.all))
    if said.read:
        fractional = registry.constants(f"data/{importer}").get("FRACTIONAL", False)
        print(f"{len(check(scans, fractional=fractional))} scans were read: no problem found")
