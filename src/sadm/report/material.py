"""What the sections of the report are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sadm.figures.results import Results
from sadm.study.layout import Layout

Files = Mapping[str, str | Path]


@dataclass(frozen=True)
class Material:
    """Files and settings by name.

    ``config`` and ``layout`` of the study; ``results`` (fold 0), ``shown``, ``sources`` and ``made`` as of
    `sadm.figures.pictures.pictures`; ``assets``: {file name: file} of workflow/report; ``tables``: {name: file} of table1, audit and,
    where there are any, the statistics; ``figures``: {name: its .png and .svg}; ``excluded``, ``checks`` and ``sheets``: {data set:
    file}; ``thumbnails``: {(data set, scan): png}; ``weights``: {(model, fold, seed): file}; ``lock``, ``versions``: requirements.lock
    and data/versions.csv; ``metadata``: folder of Snakemake's records.
    """

    config: Mapping[str, Any]
    layout: Layout
    results: Results
    shown: Mapping[str, str]
    sources: Mapping[str, Sequence[str]]
    made: Mapping[tuple[str, str], str | Path]
    assets: Files
    tables: Files
    figures: Mapping[str, Sequence[str | Path]]
    excluded: Files
    checks: Files
    sheets: Files
    thumbnails: Mapping[tuple[str, str], str | Path]
    weights: Mapping[tuple[str, int, int], str | Path]
    lock: str | Path
    versions: str | Path
    metadata: str | Path

    @classmethod
    def of(
        cls, files: Any, *, about: Mapping[str, Any], models: Sequence[str], folds: int, datasets: Sequence[str],
        layout: Mapping[str, Any], config: Mapping[str, Any], metadata: str, code: str = "",
    ) -> "Material":  # fmt: skip
        """From the flat lists of the rule `report`; ``code`` only makes a changed report run again."""
        figures: dict[str, list[str | Path]] = {}
        for file in files.figures:
            figures.setdefault(Path(file).stem, []).append(file)
        numbers = range(1, layout.get("seeds", 1) + 1)
        pictured = [Path(file) for file in files.get("thumbnails", [])]
        return cls(
            config=config,
            layout=Layout(**layout),
            results=Results.of(about, files, 1),
            shown=about["shown"],
            sources=about["sources"],
            made=dict(
                zip(product(about["titles"], about["reconstructors"]), files.reconstructions, strict=True)
            ),
            assets={Path(file).name: file for file in files.assets},
            tables={Path(file).stem: file for file in files.tables},
            figures=figures,
            excluded=dict(zip(datasets, files.excluded, strict=True)),
            checks=dict(zip(datasets, files.checks, strict=True)),
            sheets=dict(zip(datasets, files.sheets, strict=True)),
            thumbnails={(file.parent.parent.name, file.parent.name): file for file in pictured},
            weights=dict(zip(product(models, range(folds), numbers), files.weights, strict=True)),
            lock=files.pins[0],
            versions=files.pins[1],
            metadata=metadata,
        )
