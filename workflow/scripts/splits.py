"""Rule splits: the train, validation and test sets of a data set."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.cohort.splits import splits

    p = snakemake.params
    splits(snakemake.input[0], snakemake.output[0], p.role, p.folds, p.seed, **p.sizes)
