"""Rule statistics: intervals, tests and groups, as tidy tables."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.statistics.tables import statistics

    files, params = snakemake.input, snakemake.params
    tables = {name: files[name] for name in ("scores", "thresholds", "pooled", "healthy")}
    splits, sheets = (dict(zip(params.datasets, files[name], strict=True)) for name in ("splits", "sheets"))
    about = (files.paper, params.sources, params.layout, params.score, params.settings)
    statistics(tables, splits, sheets, *about, dict(snakemake.output.items()))
