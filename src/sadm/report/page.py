"""The report as one HTML file without requests: sections.yaml says which sections, `sadm.report.section_kinds` what each shows."""

from pathlib import Path
from typing import Any

import yaml

from sadm.report.choices import chosen
from sadm.report.html import render
from sadm.report.material import Material
from sadm.report.opening import protocol
from sadm.report.section_kinds import shown
from sadm.runtime.errors import ProcessingError
from sadm.runtime.files import write_text

LIMIT = 20_000_000  # bytes of the file


def sections(file: str | Path, given: Material) -> list[dict[str, Any]]:
    """The sections that ``file`` (sections.yaml) lists and that have something to show: id, title, part, lede, blocks.

    Raises ConfigError for a kind that does not exist.
    """
    found = []
    for said in yaml.safe_load(Path(file).read_text(encoding="utf-8")):
        if blocks := chosen(shown(said, given)):
            words = {key: said.get(key, "") for key in ("id", "title", "part", "lede")}
            found.append(words | {"blocks": blocks})
    return found


def chips(given: Material) -> list[tuple[str, str]]:
    """The study at a glance."""
    grid, layout = given.config["grid"], given.layout
    volumes = {name: len(testset.scans) for name, testset in given.results.testsets.items()}
    return [
        ("Study", given.config["name"]),
        *(
            [("Scans", "painted on an atlas, no patients")]
            if set(layout.painted) == set(given.config["datasets"])
            else []
        ),
        ("Protocol", protocol(given.told)),
        ("Rows", f"{len(layout.rows)} methods, {len(layout.trivial)} trivial scores"),
        ("Folds", str(layout.folds)),
        ("Test volumes", ", ".join(f"{layout.titles[name]} {count}" for name, count in volumes.items())),
        ("Voxels", f"{grid['spacing'] * grid['downsample']:g} mm"),
        ("Seed", str(given.config["seed"])),
    ]


def report(given: Material, out: str | Path) -> None:
    """Write the report.

    Raises ConfigError for an unknown kind of section, ProcessingError for a file above 20 MB.
    """
    html = render(
        given.assets,
        ["page.js", "viewer.js"],
        title=f"{given.config['name'][:1].upper()}{given.config['name'][1:]}: the whole of Table 1",
        kicker="Anomaly detection in brain MRI · report of a study",
        chips=chips(given),
        sections=sections(given.assets / "sections.yaml", given),
    )
    if len(html.encode()) > LIMIT:
        cause, fix = f"{len(html.encode()) / 1e6:.1f} MB", "leave sections with pictures out of sections.yaml"
        raise ProcessingError(f"The report is above {LIMIT / 1e6:g} MB.", file=out, cause=cause, fix=fix)
    write_text(html, out)
