"""The page of a data set: the checks and the pictures of all its scans in one file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sadm.report.blocks import Block, Words, from_rows
from sadm.report.html import render
from sadm.report.quality_tables import cohort_notes, pictured, thumbnails
from sadm.runtime.files import read_table, write_text

PICTURE = (
    "Columns: the scan with the outline of the SRI24 brain (green); with that of its brain mask (orange); the bias field in the mask, "
    "blue 0.7, white 1, red 1.4; the prepared volume with the outline of the lesion label (red). Seen from above, from the front and "
    "from the left; the patient's right is at the picture's right. Unusable scans first, then unusual ones, then by overlap with the SRI24 brain."
)


def qc(
    checks: str | Path,
    pictures: Iterable[str | Path],
    assets: Path,
    out: str | Path,
    title: str,
    notes: str | Path,
) -> None:
    """Write the page of a data set with ``title``: ``checks`` its table (tsv), ``pictures`` the PNGs of its scans, ``notes`` what its listing told.

    ``assets``: the folder workflow/report. The page holds every picture, a third larger than its file.
    """
    lines = read_table(checks)
    failed = [
        {"scan": line["scan"], "reasons": line["reasons"]} for line in lines if line["passed"] != "True"
    ]
    odd = [
        {"scan": line["scan"], "unusual": line["unusual"]}
        for line in lines
        if line["passed"] == "True" and line["unusual"]
    ]
    titles = {line["dataset"]: title for line in lines}
    shown = thumbnails([checks], pictured(pictures), titles, float("inf"))
    reasons: Block = Words(["No scan failed a check."])
    if failed:
        reasons = from_rows(f"{len(failed)} of {len(lines)} scans are unusable", failed)
    flagged: Block = Words(["No scan is unusual."])
    if odd:
        flagged = from_rows(f"{len(odd)} of {len(lines)} scans are unusual", odd)
    sections: list[dict[str, Any]] = [
        {
            "id": "failed",
            "title": "Unusable scans",
            "part": "",
            "lede": "",
            "blocks": [reasons, cohort_notes([notes], titles)],
        },
        {"id": "unusual", "title": "Unusual scans", "part": "", "lede": "", "blocks": [flagged]},
        {"id": "pictures", "title": "Pictures", "part": "", "lede": PICTURE, "blocks": shown},
        {
            "id": "checks",
            "title": "All checks",
            "part": "",
            "lede": "",
            "blocks": [from_rows(f"{len(lines)} scans", lines, dataset="")],
        },
    ]
    chips = [
        ("Data set", title),
        ("Scans", str(len(lines))),
        ("Unusable", str(len(failed))),
        ("Unusual", str(len(odd))),
    ]
    html = render(
        assets,
        ["page.js"],
        title=f"{title}: quality of the scans",
        kicker="Preprocessing of brain MRI · checks of a data set",
        chips=chips,
        sections=sections,
    )
    write_text(html, out)
