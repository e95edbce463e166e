"""Rule native_map: the anomaly score of one test scan by one row, in its own space."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.cohort.packed import parts
    from sadm.evaluation.volumes import TableRow
    from sadm.native.native_map import native_map

    files, said, params = snakemake.input, snakemake.wildcards, snakemake.params
    fold, name = int(said.fold), said.dataset
    sets = parts({name: (name, "test")}, {name: name}, [Path(files.packed).parent], [files.splits], fold)
    native_map(
        said.scan, files.t1, files.prepared, files.refined, dict(snakemake.output.items()),
        row=TableRow(params.row, params.models, fold, 1, params.beta), part=sets[name], maps=files.maps,
        thresholds=files.thresholds, raw=params.raw,
    )  # fmt: skip
