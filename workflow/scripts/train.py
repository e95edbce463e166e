"""Rule train: the weights and the training curve of one model in one fold."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.train import train

    files, names = snakemake.input, snakemake.wildcards
    train(
        model=names.model, fold=int(names.fold), packed=Path(files.t1).parent, splits=files.splits, needs=files.needs,
        weights=snakemake.output.weights, curve=snakemake.output.curve, **snakemake.params.settings,
    )  # fmt: skip
