"""Rule predict: the anomaly maps of every test set by one model."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.predict import predict

    files, params = snakemake.input, snakemake.params
    for k, (t1, splits, out) in enumerate(zip(files.packed, files.splits, snakemake.output, strict=True)):
        predict(
            fold=int(snakemake.wildcards.fold), packed=Path(t1).parent, splits=splits, weights=files.weights,
            reconstructions=files.reconstructions[k] if files.reconstructions else None, out=out,
            device=params.device, **params.settings,
        )  # fmt: skip
