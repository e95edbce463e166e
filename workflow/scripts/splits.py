"""Rule splits: the train, validation and test sets of a data set."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.splits import splits

    p = snakemake.params
    splits(snakemake.input[0], snakemake.output[0], p.role, p.folds, p.seed, **p.sizes)
