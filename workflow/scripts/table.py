"""Rule table: Table 1 as csv, Markdown and LaTeX."""

from sadm.study.step import step

with step(snakemake):
    from sadm.statistics.table1 import table

    files, params = snakemake.input, snakemake.params
    about = (params.datasets, params.layout, params.study, params.models)
    read = (files.scores, files.excluded, files.kept, files.splits, files.summary, files.claims)
    table(*read, *about, **dict(snakemake.output.items()))
