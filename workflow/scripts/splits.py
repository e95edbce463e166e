"""Rules splits and deal: the train, validation and test sets of a data set, after its scans were checked and before."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.splits import splits

    files, p = snakemake.input, snakemake.params
    given = (files.sheet, snakemake.output[0], p.role, p.folds, p.seed)
    splits(*given, excluded=files.get("excluded", ()), **p.sizes)
