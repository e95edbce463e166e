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

    ``config`` and ``layout`` of the study; ``told``: what it derives from its config (`sadm.report.methods_text`); ``results`` (fold 0); ``assets``: the folder workflow/report; ``tables``:
    {name: file} of table1, audit and, where there are any, the statistics; ``figures``: {name: its .png and .svg}; ``excluded``,
    ``kept`` (scans.tsv), ``checks``, ``sheets`` and ``notes``: tables of the data sets, and ``weights``: files of the models, which tell what they are of;
    ``thumbnails``: {(data set, scan): png}; ``lock``, ``versions``: requirements.lock and data/versions.csv; ``logs``: folder of
    the jobs' logs.
    """

    config: Mapping[str, Any]
    told: Mapping[str, Any]
    layout: Layout
    results: Results
    assets: Path
    tables: Mapping[str, str | Path]
    figures: Mapping[str, Files]
    excluded: Files
    kept: Files
    checks: Files
    sheets: Files
    notes: Files
    thumbnails: Mapping[tuple[str, str], str | Path]
    weights: Files
    lock: str | Path
    versions: str | Path
    logs: str | Path

    @classmethod
    def of(
        cls, files: Any, project: Path, *, about: Mapping[str, Any], layout: Mapping[str, Any], config: Mapping[str, Any],
        told: Mapping[str, Any], logs: str, code: str = "",
    ) -> "Material":  # fmt: skip
        """From the files of the rule `report`, in any order, and the folder of the project; ``code`` is not read."""
        figures: dict[str, list[str | Path]] = {}
        for file in files.figures:
            figures.setdefault(Path(file).stem, []).append(file)
        shown = Layout(**layout)
        return cls(
            config=config,
            told=told,
            layout=shown,
            results=Results.of(files, shown, about, 1),
            assets=project / "workflow/report",
            tables={Path(file).stem: file for file in files.tables},
            figures=figures,
            excluded=files.excluded,
            kept=files.kept,
            checks=files.checks,
            sheets=files.sheets,
            notes=files.notes,
            thumbnails=pictured(files.get("thumbnails", [])),
            weights=files.weights,
            lock=project / "requirements.lock",
            versions=project / "data/versions.csv",
            logs=logs,
        )
