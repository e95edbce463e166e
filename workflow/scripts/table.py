"""Rule table: Table 1 as csv, Markdown and LaTeX."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.table import table

    files, params, out = snakemake.input, snakemake.params, snakemake.output
    excluded = dict(zip(params.datasets, files.excluded, strict=True))
    table(files.scores, excluded, params.layout, params.study, csv=out.csv, md=out.md, tex=out.tex)
