"""Rule cohort: the checked sheet of a data set."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.sheet import cohort

    p, dataset = snakemake.params, snakemake.wildcards.dataset
    cohort(
        dataset,
        **p.listed,
        out=snakemake.output.sheet,
        threads=snakemake.threads,
        on_bad_file=p.on_bad_file,
        others=p.others,
    )
