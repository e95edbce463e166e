"""Rule reconstruct: pseudo-healthy reconstructions of every scored set by one model."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.cohort.packed import parts
    from sadm.prediction.reconstruct import reconstruct

    files, params, fold = snakemake.input, snakemake.params, int(snakemake.wildcards.fold)
    folders = [Path(t1).parent for t1 in files.packed]
    reconstruct(
        model=snakemake.wildcards.model, fold=fold, seed=params.seed, weights=files.weights,
        sets=parts(params.sets, params.splits_of, folders, files.splits, fold),
        device=params.device, scored_with=params.scored_with, **params.settings, out=dict(snakemake.output.items()),
    )  # fmt: skip
