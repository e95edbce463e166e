"""Rule predict: the anomaly maps of a test set by one model."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.predict import predict

    files, names = snakemake.input, snakemake.wildcards
    predict(
        fold=int(names.fold), packed=Path(files.t1).parent, splits=files.get("splits"), weights=files.weights,
        reconstructions=files.get("reconstructions"), out=snakemake.output[0], **snakemake.params.settings,
    )  # fmt: skip
