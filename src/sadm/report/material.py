"""What the sections of the report are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.figures.results import Results
from sadm.report.quality_tables import pictured
from sadm.study.layout import Layout

Files = Sequence[str | Path]


@dataclass(frozen=True)
class Material:
    """Files and settings by name.

    ``config`` and ``layout`` of the study; ``results`` (fold 0); ``assets``: {file name: file} of workflow/report; ``tables``:
    {name: file} of table1, audit and, where there are any, the statistics; ``figures``: {name: its .png and .svg}; ``excluded``,
    ``checks`` and ``sheets``: tables of the data sets, and ``weights``: files of the models, which tell what they are of;
    ``thumbnails``: {(data set, scan): png}; ``lock``, ``versions``: requirements.lock and data/versions.csv; ``logs``: folder of
    the jobs' logs.
    """

    config: Mapping[str, Any]
    layout: Layout
    results: Results
    assets: Mapping[str, str | Path]
    tables: Mapping[str, str | Path]
    figures: Mapping[str, Files]
    excluded: Files
    checks: Files
    sheets: Files
    thumbnails: Mapping[tuple[str, str], str | Path]
    weights: Files
    lock: str | Path
    versions: str | Path
    logs: str | Path

    @classmethod
    def of(
        cls, files: Any, *, about: Mapping[str, Any], layout: Mapping[str, Any], config: Mapping[str, Any], logs: str,
        code: str = "",
    ) -> "Material":  # fmt: skip
        """From the files of the rule `report`, in any order; ``code`` only makes a changed report run again."""
        figures: dict[str, list[str | Path]] = {}
        for file in files.figures:
            figures.setdefault(Path(file).stem, []).append(file)
        pins = {Path(file).name: file for file in files.pins}
        shown = Layout(**layout)
        return cls(
            config=config,
            layout=shown,
            results=Results.of(files, shown, about, 1),
            assets={Path(file).name: file for file in files.assets},
            tables={Path(file).stem: file for file in files.tables},
            figures=figures,
            excluded=files.excluded,
            checks=files.checks,
            sheets=files.sheets,
            thumbnails=pictured(files.get("thumbnails", [])),
            weights=files.weights,
            lock=pins["requirements.lock"],
            versions=pins["versions.csv"],
            logs=logs,
        )
