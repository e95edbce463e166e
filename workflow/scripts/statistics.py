"""Rule statistics: intervals, tests and groups, as tidy tables."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.statistics.tables import statistics

    files, params, out = snakemake.input, snakemake.params, dict(snakemake.output.items())
    about = (files.paper, params.sources, params.layout, params.score, params.settings)
    statistics(files, files.splits, files.sheets, *about, out=out)
