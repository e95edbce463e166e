"""Rule table: Table 1 as csv, Markdown and LaTeX."""

from sadm.study.step import step

with step(snakemake):
    from sadm.statistics.table1 import table

    files, params = snakemake.input, snakemake.params
    about = (params.datasets, params.layout, params.study, params.models)
    table(files.scores, files.excluded, files.splits, *about, **dict(snakemake.output.items()))
