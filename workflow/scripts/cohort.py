"""Rule cohort: the checked sheet of a data set."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.sheet import cohort

    p, dataset = snakemake.params, snakemake.wildcards.dataset
    cohort(dataset, p.importer, p.options, p.annotated, snakemake.output[0], snakemake.threads, p.missing)
