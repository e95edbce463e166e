"""Rule native_map: the anomaly score of one test scan by one row, in its own space."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.native.native_map import native_map

    files, said = snakemake.input, snakemake.wildcards
    native_map(
        said.scan, files.t1, files.prepared, files.refined, dict(snakemake.output.items()), maps=list(files.maps),
        packed=Path(files.packed).parent, splits=files.splits, thresholds=files.thresholds, testset=said.dataset,
        fold=int(said.fold), beta=snakemake.params.beta,
    )  # fmt: skip
