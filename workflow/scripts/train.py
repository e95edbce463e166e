"""Rule train: the weights and the training curve of one model in one fold."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.runtime.process import without_compiler

    without_compiler()

    from sadm.study.runs import seed_number
    from sadm.training.train import train

    files, names, params = snakemake.input, snakemake.wildcards, dict(snakemake.params.items())
    train(
        model=names.model, fold=int(names.fold), number=seed_number(names.seed), packed=Path(files.packed[0]).parent, splits=files.splits[0],
        needs=list(files.needs), imagenet=next(iter(files.imagenet), None), weights=snakemake.output.weights,
        curve=snakemake.output.curve, **params,
    )  # fmt: skip
