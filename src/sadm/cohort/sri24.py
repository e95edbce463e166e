"""Whether scans that are taken to lie in SRI24's space may: their grids tell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from sadm.cohort.examine import Finding, Problem

GRID = (155, 240, 240)  # voxels of 1 mm, sorted: as BraTS has it
# Sorted.
MNI: dict[tuple[int, ...], str] = {
    (182, 182, 218): "MNI152 of FSL",
    (189, 197, 233): "MNI152 of 2009, symmetric",
    (193, 193, 229): "MNI152 of 2009",
}
SHOWN = 3  # grids that a note shows


def space(importer: str, options: Mapping[str, Any]) -> str:
    """The space that the scans of an ``importer`` with ``options`` are taken to lie in: "native", "sri24" or "study"."""
    module = import_module(f"sadm.data.{importer}")
    found = str(module.SPACE)
    for option, cases in getattr(module, "BY_OPTION", {}).items():
        found = cases.get(options.get(option), {}).get("SPACE", found)
    return found


def problems(importer: str, options: Mapping[str, Any], findings: Sequence[Finding]) -> None:
    """Add a problem to those of ``findings`` whose grid is MNI's, where only a default says that they lie in SRI24's space."""
    if options.get("space") != "" or space(importer, options) != "sri24":
        return
    for each in findings:
        if template := MNI.get(_grid(each)):
            cause = f"its grid, {_product(each)} voxels, is that of {template}, not SRI24's"
            fix = "say where the scans lie: options.space native, or sri24"
            each.problems.append(Problem(each.scan.t1, cause, fix))


def notes(importer: str, options: Mapping[str, Any], findings: Sequence[Finding]) -> list[str]:
    """A sentence on scans that are taken to lie in SRI24's space and have another grid; scans on the demo's own are none of them."""
    module = import_module(f"sadm.data.{importer}")
    if space(importer, options) != "sri24" or getattr(module, "MADE", False):
        return []
    grids = Counter(_product(each) for each in findings if each.shape and _grid(each) != GRID)
    said = ", ".join(grid for grid, _ in grids.most_common(SHOWN))
    return [
        f"{grids.total()} of {len(findings)} scans that are taken to lie in SRI24's space have another grid than its "
        f"240 x 240 x 155 voxels of 1 mm ({said}): if they do not lie there, set options.space to native"
    ] * bool(grids)


def _grid(found: Finding) -> tuple[int, ...]:
    return tuple(sorted(found.shape))


def _product(found: Finding) -> str:
    return " x ".join(map(str, found.shape))
