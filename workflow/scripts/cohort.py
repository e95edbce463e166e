"""Rule cohort: the checked sheet of a data set."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.cohort.sheet import cohort

    p, dataset = snakemake.params, snakemake.wildcards.dataset
    cohort(dataset, p.importer, p.options, p.annotated, snakemake.output[0], snakemake.threads)
