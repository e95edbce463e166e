"""Rule predict: the anomaly maps of a test set by one model."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.predict import predict

    files = snakemake.input
    predict(
        fold=int(snakemake.wildcards.fold), packed=Path(files.packed[0]).parent, splits=files.splits[0],
        weights=files.weights, reconstructions=next(iter(files.reconstructions), None),
        out=snakemake.output.map, **snakemake.params.settings,
    )  # fmt: skip
